import type { AlertEvent } from '@millrace/contracts';
import type { AttemptResult } from './delivery/channel.js';
import type { PlannedAlert } from './alert-intake.js';

export const NOTIFIER_STORE = Symbol('NOTIFIER_STORE');

export type DeliveryState = 'pending' | 'delivered' | 'failed' | 'disabled' | 'suppressed';
export const DELIVERY_STATES: readonly DeliveryState[] = ['pending', 'delivered', 'failed', 'disabled', 'suppressed'];

/** A delivery that this process holds the lease of. */
export interface ClaimedDelivery {
  readonly id: number;
  readonly messageId: string;
  readonly event: AlertEvent;
  /** This one included. */
  readonly attempt: number;
  /** Attempts that counted against the schedule, without this one. */
  readonly step: number;
  /** When it was queued, or had to be sent again, ms. */
  readonly queuedAt: number;
  /** An earlier attempt was cut before its result was known. */
  readonly possibleRepeat: boolean;
}

/** What becomes of a delivery after an attempt. */
export interface FinishedAttempt {
  readonly delivery: ClaimedDelivery;
  readonly receiver: string;
  readonly owner: string;
  /** ms */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly result: AttemptResult;
  /** When to try again, ms; null: not any more. */
  readonly next: { readonly at: number; readonly step: number } | null;
}

export interface QueueDepth {
  readonly receiver: string;
  readonly pending: number;
  /** Age of the oldest, seconds. */
  readonly oldestSeconds: number;
}

export interface DisabledReceiver {
  readonly receiver: string;
  readonly reason: string;
  readonly disabledAt: Date;
}

/** The delivery queue. Throws `StoreError`s. */
export interface DeliveryQueue {
  /** Stores state changes and their deliveries, each once. Returns how many were new. */
  accept(alerts: readonly PlannedAlert[]): Promise<number>;
  /** Takes up to `limit` due deliveries of a receiver under a lease; per alert, only its oldest open one. `early`: also before they are due. */
  claim(receiver: string, owner: string, limit: number, leaseMs: number, early: boolean): Promise<readonly ClaimedDelivery[]>;
  /** Makes all that waits for a receiver due now. */
  hasten(receiver: string): Promise<void>;
  /** Records an attempt. False: the lease was lost meanwhile, so the attempt is on record but decides nothing. */
  finish(attempt: FinishedAttempt): Promise<boolean>;
  /** Milliseconds until the receiver's next delivery may be due, leases included; null: none is waiting. */
  nextDueMs(receiver: string): Promise<number | null>;
  depths(): Promise<readonly QueueDepth[]>;
  disabled(): Promise<readonly DisabledReceiver[]>;
  /** Queues ended deliveries again, oldest first, at most so many at a time that `more` says there are others. */
  redeliver(query: RedeliveryQuery): Promise<{ readonly deliveries: readonly Redelivered[]; readonly more: boolean }>;
  /** Switches a receiver on again. False: it was on. */
  enable(receiver: string): Promise<boolean>;
}

/** Deliveries that have ended: by id, by when they were queued, or both. */
export interface RedeliveryQuery {
  readonly ids?: readonly number[] | undefined;
  readonly receivers: readonly string[];
  readonly states: readonly DeliveryState[];
  readonly from?: Date | undefined;
  /** Not included. */
  readonly to?: Date | undefined;
  /** Only says which. */
  readonly dryRun: boolean;
}

export interface Redelivered {
  readonly id: number;
  readonly receiver: string;
  readonly fingerprint: string;
  readonly status: string;
  /** The state it had. */
  readonly state: DeliveryState;
}

export interface HistoryQuery {
  readonly receiver: string | null;
  readonly limit: number;
}

/** What was alerted and delivered, newest first. */
export interface NotifierHistory {
  alerts(status: 'FIRING' | 'RESOLVED' | null, limit: number): Promise<readonly unknown[]>;
  deliveries(state: DeliveryState | null, query: HistoryQuery): Promise<readonly unknown[]>;
}

export interface NotifierStore extends DeliveryQueue, NotifierHistory {}
