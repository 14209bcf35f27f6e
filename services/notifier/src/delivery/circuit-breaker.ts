/** Failures in a row after which a receiver is held dead. */
const FAILURES = 10;

/** closed: deliver; open: leave it alone; probe: ask it with one delivery. */
export type BreakerState = 'closed' | 'open' | 'probe';

/**
 * Spares a dead receiver what waits for it, and notices soon that it lives again: after ten failures in a row it is left alone for a while,
 * then asked with one delivery, and so on until it answers. An answer that is no failure of its own, a 400 as well, closes it.
 */
export class CircuitBreaker {
  #failures = 0;
  #openUntil = 0;

  /** `openMs`: how long it is left alone. */
  constructor(private readonly openMs: number) {}

  state(now: number): BreakerState {
    if (this.#failures < FAILURES) return 'closed';
    return now < this.#openUntil ? 'open' : 'probe';
  }

  /** How long it stays open, ms; 0 where it is not. */
  openFor(now: number): number {
    return this.state(now) === 'open' ? this.#openUntil - now : 0;
  }

  /** Notes an attempt. Returns whether that closed it. */
  record(succeeded: boolean, now: number): boolean {
    const wasClosed = this.#failures < FAILURES;
    if (succeeded) {
      this.#failures = 0;
      return !wasClosed;
    }
    this.#failures += 1;
    // What had been on its way when it opened does not keep it open for longer.
    if (this.#failures === FAILURES || now >= this.#openUntil) this.#openUntil = now + this.openMs;
    return false;
  }
}
