import type { AttemptResult } from './channel.js';
import type { Notice } from './message.js';

export const DELIVERY_QUEUE = Symbol('DELIVERY_QUEUE');

/** pending: to be sent; suppressed: not of a live lane, so recorded only; replaced: what the group says next took its place before it came through. */
export type DeliveryState = 'pending' | 'delivered' | 'failed' | 'disabled' | 'suppressed' | 'replaced';
export const DELIVERY_STATES: readonly DeliveryState[] = ['pending', 'delivered', 'failed', 'disabled', 'suppressed', 'replaced'];

/** A delivery that this process holds the lease of. */
export interface ClaimedDelivery {
  readonly id: number;
  readonly notice: Notice;
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
  readonly integration: string;
  readonly owner: string;
  /** ms */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly result: AttemptResult;
  /** When to try again, ms; null: not any more. */
  readonly next: { readonly at: number; readonly step: number } | null;
}

export interface QueueDepth {
  readonly integration: string;
  readonly pending: number;
  /** Age of the oldest, seconds. */
  readonly oldestSeconds: number;
}

export interface DisabledReceiver {
  readonly integration: string;
  readonly reason: string;
  readonly disabledAt: Date;
}

/** Deliveries that have ended: by id, by when they were queued, or both. */
export interface RedeliveryQuery {
  readonly ids?: readonly number[] | undefined;
  readonly integrations: readonly string[];
  readonly states: readonly DeliveryState[];
  readonly from?: Date | undefined;
  /** Not included. */
  readonly to?: Date | undefined;
  /** Only says which. */
  readonly dryRun: boolean;
}

export interface Redelivered {
  readonly id: number;
  readonly integration: string;
  readonly groupKey: string;
  readonly status: string;
  /** The state it had. */
  readonly state: DeliveryState;
}

/** The delivery queue of a lane. Throws `StoreError`s. */
export interface DeliveryQueue {
  /** Takes up to `limit` due deliveries to an integration under a lease; of a group, only its oldest open one. `early`: also before they are due. */
  claim(integration: string, owner: string, limit: number, leaseMs: number, early: boolean): Promise<readonly ClaimedDelivery[]>;
  /** Makes all that waits for an integration due now. */
  hasten(integration: string): Promise<void>;
  /** Records an attempt. False: the lease was lost meanwhile, so the attempt is on record but decides nothing. */
  finish(attempt: FinishedAttempt): Promise<boolean>;
  /** Milliseconds until the integration's next delivery may be due, leases included; null: none is waiting. */
  nextDueMs(integration: string): Promise<number | null>;
  depths(): Promise<readonly QueueDepth[]>;
  disabled(): Promise<readonly DisabledReceiver[]>;
  /** Switches off integrations that have taken nothing for so long although they were asked, ms. Returns which. */
  switchOffDead(deadMs: number): Promise<readonly string[]>;
  /** Queues ended deliveries again, oldest first, at most so many at a time that `more` says there are others. */
  redeliver(query: RedeliveryQuery): Promise<{ readonly deliveries: readonly Redelivered[]; readonly more: boolean }>;
  /** Switches integrations on again. False: they were on. */
  enable(integrations: readonly string[]): Promise<boolean>;
}
