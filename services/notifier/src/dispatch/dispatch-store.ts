import type { Alert } from '../grouping/alert.js';
import type { Logged } from '../grouping/dispatcher.js';
import type { Muting } from '../grouping/mutings.js';
import type { Silence } from '../grouping/silence.js';
import type { GroupNotice } from '../delivery/message.js';
import type { ToldAlert } from './told-alert.js';

export const DISPATCH_STORE = Symbol('DISPATCH_STORE');

/** Another process dispatches the lane now: nothing was written. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** The right to dispatch a lane. */
export interface Lease {
  /** Names the process. */
  readonly owner: string;
  /** Grows with every change of hands. */
  readonly fence: number;
}

/** What has come since the last round. */
export interface Inbox {
  readonly events: readonly { readonly id: number; readonly alert: Alert }[];
  /** Null: nothing has changed. */
  readonly people: PeopleWants | null;
}

/** What people want. */
export interface PeopleWants {
  /** All that have not ended. */
  readonly silences: readonly Silence[];
  /** Outages that somebody has taken on. */
  readonly acknowledged: readonly string[];
}

/** What one integration is to be told. */
export interface PlannedDelivery {
  readonly integration: string;
  readonly notice: GroupNotice;
  /** It may leave the house. */
  readonly isLive: boolean;
}

/** What a round decided: written whole, or not at all. */
export interface Decided {
  /** Alerts that have changed; not held: they are history. */
  readonly alerts: readonly { readonly alert: Alert; readonly isHeld: boolean; readonly isResolved: boolean }[];
  /** Events seen, by id. */
  readonly taken: readonly number[];
  /** Events that only said once more what was known: not even history. */
  readonly forgotten: readonly number[];
  readonly logged: readonly Logged[];
  readonly deliveries: readonly PlannedDelivery[];
  readonly muted: readonly Muting[];
}

/** Where a lane's alerts, notification log and silences are kept. Throws `StoreError`s. */
export interface DispatchStore {
  /** Keeps alerts for the dispatcher, each event once, whoever dispatches. Returns how many were new. */
  accept(told: readonly ToldAlert[]): Promise<number>;
  /** Takes the lease if nobody else has it. Null: somebody has. What is written under an earlier one of the same process is void, too. */
  acquire(owner: string, leaseMs: number): Promise<Lease | null>;
  /** Gives the lease back, so that the next one need not wait for its end. */
  release(lease: Lease): Promise<void>;
  /** What the dispatcher before knew. */
  restore(): Promise<{ readonly alerts: readonly Alert[]; readonly log: readonly Logged[] }>;
  /** The alerts that the dispatcher has. */
  held(): Promise<readonly Alert[]>;
  /** Whether a round would hand over anything new, or find that the lease is lost: a read. */
  hasNews(lease: Lease): Promise<boolean>;
  /**
   * One round: renews the lease, hands over what has come, at most `limit` events, and writes what `decide` returns, in one transaction.
   * Throws {@link LeaseLostError} where another process has the lane.
   */
  round(lease: Lease, options: { readonly leaseMs: number; readonly limit: number }, decide: (inbox: Inbox) => Decided): Promise<void>;
  /** Forgets what ended before then: deliveries, events, alerts, silences. Returns how many rows went. */
  forget(before: Date): Promise<number>;
}
