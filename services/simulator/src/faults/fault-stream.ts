import { Heap } from '../world/heap.js';
import { Random } from '../world/random.js';
import { STREAMS, type WorldEvent } from '../world/world-event.js';
import { corruptBytes, CORRUPTIONS, type Corruption } from './corrupt-bytes.js';

/** Shares of the shop's events that go wrong on their way. One event meets at most one fault. Truth and labels meet none. */
export interface FaultShares {
  /** Sent again, same id and bytes. */
  readonly duplicate: number;
  /** Sent up to two seconds after their time, so that younger ones are before them. */
  readonly outOfOrder: number;
  /** Held back for a good part of the allowed lateness: must still count. */
  readonly lateWithin: number;
  /** Held back until their minute is closed: too late to count. */
  readonly late: number;
  /** Followed by a record of undecodable bytes under the same key; the event itself arrives. */
  readonly corrupt: number;
}

export const NO_FAULTS: FaultShares = { duplicate: 0, outOfOrder: 0, lateWithin: 0, late: 0, corrupt: 0 };

/** What was done to a record; null is an event in its time. */
export type Fault = keyof FaultShares | null;
export const FAULTS: readonly (keyof FaultShares)[] = ['duplicate', 'outOfOrder', 'lateWithin', 'late', 'corrupt'];

/** A record to be sent at `at` (event time, ms). */
export type Delivery = {
  readonly at: number;
  readonly fault: Fault;
  /** Of a corrupt record: its bytes and how they were spoilt; `event` is the one it lies beside. */
  readonly spoilt: { readonly key: string; readonly bytes: Buffer; readonly kind: Corruption } | null;
} & WorldEvent;

export interface FaultSettings {
  readonly seed: string;
  readonly shares: FaultShares;
  /** How long the streaming job waits for stragglers, ms of event time. */
  readonly latenessMs: number;
}

const MINUTE_MS = 60_000;
/** A late event comes this many times the allowed lateness after its minute, so that it is late even where few events move the watermark. */
const BEYOND = 1.25;
const MOST_OUT_OF_ORDER_MS = 2_000;
const MOST_DUPLICATE_DELAY_MS = 30_000;

/** Turns the world's orderly events into what a network delivers. Deterministic: the n-th event always meets the same fate. */
export class FaultStream {
  readonly #held = new Heap<Delivery>();
  readonly #random: Random;
  #next: WorldEvent | null = null;
  #drawn = 0;

  constructor(
    private readonly source: { next(): WorldEvent },
    private readonly settings: FaultSettings,
  ) {
    this.#random = new Random(settings.seed, 'faults');
  }

  /** Events of the world that were delivered or are held back. */
  get drawn(): number {
    return this.#drawn;
  }

  /** The next record to be sent at or before `horizon` (event time, ms); null when there is none. */
  next(horizon: number): Delivery | null {
    for (;;) {
      const event = (this.#next ??= this.source.next());
      const at = event.event.occurredAt;
      if (Math.min(at, this.#held.lowestKey) > horizon) return null;
      if (this.#held.lowestKey < at) return this.#held.pop() ?? null;
      this.#next = null;
      const delivery = this.#meet(event, at);
      if (delivery !== null) return delivery;
    }
  }

  /** Time of the next record, to know how long nothing is to be done. */
  get nextAt(): number {
    this.#next ??= this.source.next();
    return Math.min(this.#next.event.occurredAt, this.#held.lowestKey);
  }

  /** Records held back when the run ends at `eventTime`: they are sent at once, so that every event arrives; a late one may then be in time. */
  flush(eventTime: number): Delivery[] {
    const rest: Delivery[] = [];
    for (let delivery = this.#held.pop(); delivery !== undefined; delivery = this.#held.pop()) {
      const inTime = delivery.fault === 'late' && minuteEnd(delivery.event.occurredAt) + this.settings.latenessMs >= eventTime;
      rest.push(inTime ? { ...delivery, fault: 'lateWithin' } : delivery);
    }
    return rest;
  }

  #meet(event: WorldEvent, at: number): Delivery | null {
    this.#drawn += 1;
    const fault = event.stream === 'truth' || event.stream === 'labels' ? null : this.#draw();
    const clean: Delivery = { ...event, at, fault: null, spoilt: null };
    if (fault === null) return clean;
    const delay = this.#delay(fault, at);
    const spoilt = fault === 'corrupt' ? this.#spoil(event) : null;
    this.#held.push(at + delay, { ...event, at: at + delay, fault, spoilt });
    return fault === 'duplicate' || fault === 'corrupt' ? clean : null;
  }

  #draw(): Fault {
    let place = this.#random.next();
    for (const fault of FAULTS) {
      place -= this.settings.shares[fault];
      if (place < 0) return fault;
    }
    return null;
  }

  #delay(fault: keyof FaultShares, at: number): number {
    const { latenessMs } = this.settings;
    switch (fault) {
      case 'duplicate':
        return this.#random.below(MOST_DUPLICATE_DELAY_MS);
      case 'outOfOrder':
        return 1 + this.#random.below(Math.min(MOST_OUT_OF_ORDER_MS, Math.max(1, latenessMs / 2)));
      case 'lateWithin':
        return Math.floor(this.#random.between(0.4, 0.8) * latenessMs);
      case 'late':
        return minuteEnd(at) - at + BEYOND * latenessMs + this.#random.below(MINUTE_MS);
      case 'corrupt':
        return 0;
    }
  }

  #spoil(event: WorldEvent): Delivery['spoilt'] {
    const kind = this.#random.pick(CORRUPTIONS);
    return { key: keyOf(event), bytes: corruptBytes(kind, event.event, this.#random), kind };
  }
}

function minuteEnd(time: number): number {
  return (Math.floor(time / MINUTE_MS) + 1) * MINUTE_MS;
}

function keyOf(event: WorldEvent): string {
  switch (event.stream) {
    case 'clickstream':
      return STREAMS.clickstream.key(event.event);
    case 'orders':
      return STREAMS.orders.key(event.event);
    case 'inventory':
      return STREAMS.inventory.key(event.event);
    case 'feedback':
      return STREAMS.feedback.key(event.event);
    case 'labels':
      return STREAMS.labels.key(event.event);
    case 'truth':
      return STREAMS.truth.key(event.event);
  }
}
