/** How event time follows wall time. */
export interface Pace {
  /** Milliseconds of event time per millisecond of wall time; `Infinity` is as fast as it goes. */
  readonly speed: number;
  /** After a pause, at most this many times the speed. */
  readonly burst: number;
  /** A lag of more wall time than this is given up rather than made up for, ms. */
  readonly mostLagMs: number;
}

export const DEFAULT_PACE = { burst: 2, mostLagMs: 30_000 } as const;

/** A single call after a pause earns no more than this much time. */
const MOST_STRETCH_MS = 500;

/** What to do at this moment. */
export interface Allowance {
  /** Event time up to which records may be sent now. */
  readonly horizon: number;
  /** Wall time by which the horizon is behind where it should be, ms. */
  readonly lagMs: number;
  /** Event time given up, ms: the world is to skip as much. Mostly 0. */
  readonly skippedMs: number;
}

/**
 * Says how far event time may go. The horizon moves with wall time; after a pause it makes up for what was missed at no more than `burst`
 * times the speed, and what is too far behind is given up as a whole. Pure: the wall time comes in.
 */
export class Pacer {
  #target: number;
  #horizon: number;
  #wall: number;

  /** @param eventTime where event time stands at `wall`. */
  constructor(
    private readonly pace: Pace,
    eventTime: number,
    wall: number,
  ) {
    this.#target = eventTime;
    this.#horizon = eventTime;
    this.#wall = wall;
  }

  /** @param limit event time that must not be passed, such as the end of a backfill. */
  allow(wall: number, limit = Infinity): Allowance {
    const { speed, burst, mostLagMs } = this.pace;
    const elapsed = Math.max(0, wall - this.#wall);
    this.#wall = wall;
    if (speed === Infinity) {
      this.#horizon = limit;
      return { horizon: limit, lagMs: 0, skippedMs: 0 };
    }
    this.#target += elapsed * speed;
    const behind = this.#target - this.#horizon;
    const skippedMs = behind > mostLagMs * speed ? behind : 0;
    this.#horizon += skippedMs;
    const earned = Math.min(elapsed, MOST_STRETCH_MS) * speed * burst;
    this.#horizon = Math.min(this.#target, this.#horizon + earned, limit);
    return { horizon: this.#horizon, lagMs: (Math.min(this.#target, limit) - this.#horizon) / speed, skippedMs };
  }

  /** What was allowed was not used up: records after `eventTime` are still to be sent, and count as lag. */
  reached(eventTime: number): void {
    this.#horizon = Math.min(this.#horizon, eventTime);
  }
}
