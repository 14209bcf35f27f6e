/** How often a receiver may be sent to. */
export interface Rate {
  readonly perSecond: number;
  /** At once, after a pause. */
  readonly burst: number;
}

/** A token bucket: each send takes a token; full at the start. */
export class TokenBucket {
  #tokens: number;
  #at = -Infinity;

  constructor(private readonly rate: Rate) {
    this.#tokens = rate.burst;
  }

  /** Sends that may begin at this time, ms. */
  available(now: number): number {
    const { perSecond, burst } = this.rate;
    if (now > this.#at) {
      this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1_000) * perSecond);
      this.#at = now;
    }
    return Math.floor(this.#tokens);
  }

  take(sends: number): void {
    this.#tokens -= sends;
  }

  /** How long until one more may begin, ms; 0: one may. */
  waitMs(now: number): number {
    return this.available(now) > 0 ? 0 : Math.ceil(((1 - this.#tokens) / this.rate.perSecond) * 1_000);
  }
}
