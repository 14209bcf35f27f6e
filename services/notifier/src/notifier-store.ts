import type { AlertEvent } from '@millrace/contracts';
import type { AttemptResult } from './channel.js';
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
  /** ms */
  readonly createdAt: number;
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
  /** Takes up to `limit` due deliveries of a receiver under a lease; per alert, only its oldest open one. */
  claim(receiver: string, owner: string, limit: number, leaseMs: number): Promise<readonly ClaimedDelivery[]>;
  /** Records an attempt. False: the lease was lost meanwhile, so the attempt is on record but decides nothing. */
  finish(attempt: FinishedAttempt): Promise<boolean>;
  /** Milliseconds until the receiver's next delivery may be due, leases included; null: none is waiting. */
  nextDueMs(receiver: string): Promise<number | null>;
  depths(): Promise<readonly QueueDepth[]>;
  disabled(): Promise<readonly DisabledReceiver[]>;
  /** Switches a receiver on again. False: it was on. */
  enable(receiver: string): Promise<boolean>;
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
