import type { AlertEvent } from '@millrace/contracts';
import type { Needs, Outcome, StoredSeries } from './evaluation.js';
import type { OrderTransaction } from './orders/order-store.js';
import type { RuleSet } from './rule-file.js';

export const RULER_STORE = Symbol('RULER_STORE');

/** Sees and changes the lane's memory; nothing of it stays if the transaction fails. */
export interface RulerTransaction {
  /** What rules about orders know. */
  readonly orders: OrderTransaction;
  load(needs: Needs): Promise<readonly StoredSeries[]>;
  /** Stores the series, the alerts and, for publishing, their events. */
  save(outcome: Outcome): Promise<void>;
  /** Forgets what no rule of these reads any more, and announces the end of its alerts. Returns how many. */
  retire(rules: RuleSet, now: number): Promise<number>;
}

/** The ruler's memory. Throws `StoreError`s. */
export interface RulerStore {
  /** Runs `work` in a transaction; transactions of one lane follow each other, also those of other processes. */
  transaction<T>(work: (transaction: RulerTransaction) => Promise<T>): Promise<T>;
  /** Passes the oldest unpublished events to `publish`, and forgets them once it resolves. Returns how many. */
  publishNext(publish: (events: readonly AlertEvent[]) => Promise<void>): Promise<number>;
  unpublished(): Promise<number>;
  /** Latest event of each alert, newest first. */
  alerts(status: 'FIRING' | 'RESOLVED' | null): Promise<readonly AlertEvent[]>;
}
