import type { Random } from './random.js';

/** How a rate follows the shop's clock: factors around 1. */
export interface Curve {
  /** 24 factors by local hour. */
  readonly hours: readonly number[];
  /** 7 factors, Monday first. */
  readonly weekdays: readonly number[];
  /** 12 factors, January first. */
  readonly months: readonly number[];
}

const BLOCK_MS = 15 * 60_000;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** The factor of a curve at any time, in the shop's time zone. Each part is scaled to mean 1, so that the rate is the mean over a year. */
export class RateCurve {
  readonly #format: Intl.DateTimeFormat;
  readonly #curve: Curve | null;
  #block = NaN;
  #factor = 1;

  /** @param curve null is flat. */
  constructor(curve: Curve | null, timeZone: string) {
    this.#curve = curve === null ? null : { hours: scaled(curve.hours), weekdays: scaled(curve.weekdays), months: scaled(curve.months) };
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', hour: 'numeric', weekday: 'short', month: 'numeric' });
  }

  /** Factor at `time` (ms), constant until {@link blockEnd}. */
  at(time: number): number {
    if (this.#curve === null) return 1;
    const block = Math.floor(time / BLOCK_MS);
    if (block !== this.#block) {
      this.#block = block;
      this.#factor = this.#lookUp(this.#curve, block * BLOCK_MS);
    }
    return this.#factor;
  }

  blockEnd(time: number): number {
    return this.#curve === null ? Infinity : (Math.floor(time / BLOCK_MS) + 1) * BLOCK_MS;
  }

  #lookUp(curve: Curve, time: number): number {
    const parts = new Map(this.#format.formatToParts(time).map((part) => [part.type, part.value]));
    const hour = curve.hours[Number(parts.get('hour'))] ?? 1;
    const weekday = curve.weekdays[WEEKDAYS.indexOf(parts.get('weekday') ?? '')] ?? 1;
    const month = curve.months[Number(parts.get('month')) - 1] ?? 1;
    return hour * weekday * month;
  }
}

function scaled(factors: readonly number[]): readonly number[] {
  const mean = factors.reduce((sum, factor) => sum + factor, 0) / factors.length;
  return factors.map((factor) => factor / mean);
}

/**
 * The moments at which a topic gets an event. Slot k lies at a random place within the k-th unit of the rate's integral: any stretch of
 * time holds its expected number of slots, give or take one, so a configured rate is held exactly while the gaps stay irregular.
 */
export class Slots {
  #unitStart: number;
  #unitOffset = 0;
  #at: number;

  constructor(
    private rate: number,
    private curve: RateCurve,
    start: number,
    private readonly random: Random,
  ) {
    this.#unitStart = start;
    this.#at = this.#place();
  }

  /** Time of the next slot, ms; `Infinity` when the rate is 0. */
  get at(): number {
    return this.#at;
  }

  /** Moves on to the following slot. */
  take(): void {
    this.#unitStart = this.#reach(this.#unitStart, 1);
    this.#unitOffset = 0;
    this.#at = this.#place();
  }

  /** From `time` on slots follow another rate (per second), curve, or both. */
  restart(time: number, rate: number, curve: RateCurve): void {
    this.rate = rate;
    this.curve = curve;
    this.#unitStart = time;
    this.#at = this.#place();
  }

  #place(): number {
    this.#unitOffset = this.random.next();
    return this.#reach(this.#unitStart, this.#unitOffset);
  }

  /** The time at which `amount` units have passed since `from`. A curve may be 0 for days, never for weeks. */
  #reach(from: number, amount: number): number {
    if (this.rate <= 0) return Infinity;
    let time = from;
    let left = amount;
    for (;;) {
      const perMs = (this.rate * this.curve.at(time)) / 1000;
      const end = this.curve.blockEnd(time);
      const needed = perMs > 0 ? left / perMs : Infinity;
      if (time + needed < end) return time + needed;
      left -= perMs * (end - time);
      time = end;
    }
  }
}
