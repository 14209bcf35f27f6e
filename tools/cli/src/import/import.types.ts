import { type EventContract } from '@millrace/contracts';
import { type EventData } from './event.builder.js';

/** An event on its way, in the order of `due`. Plain JSON: it may be written to a file meanwhile. */
export interface Delivery {
  /** Place of its output in the mapping. */
  readonly output: number;
  readonly id: string;
  readonly event: EventData;
  /** When it happened, UTC ms. */
  readonly at: number;
  /** `at`, and the delay that `--shuffle` gives it. */
  readonly due: number;
  readonly sequence: number;
  /** True for the second delivery that `--duplicate` makes. */
  readonly copy: boolean;
}

export interface Outgoing {
  readonly contract: EventContract<unknown>;
  readonly event: EventData;
}

/** Where events go to. */
export interface ImportTarget {
  /** Hands over the id of each event that an earlier run of the same mapping has published there. */
  publishedIds(visit: (id: string) => void): Promise<void>;
  /** Resolves when all are in the log. */
  publish(events: readonly Outgoing[]): Promise<void>;
  close(): Promise<void>;
}

/** How to deliver. */
export interface DeliveryOptions {
  /** How much faster than it happened; `max`: as fast as it goes. */
  readonly speed: number | 'max';
  readonly shiftToNow: boolean;
  /** Longest delay, by event time, that an event gets at random. */
  readonly shuffleMs: number;
  readonly seed: number;
  /** Share of the events that are delivered twice. */
  readonly duplicateRate: number;
  /** Only the first so many events, in the order of delivery. */
  readonly limit: number | null;
}

export function byDue(left: Delivery, right: Delivery): number {
  return left.due - right.due || left.sequence - right.sequence;
}
