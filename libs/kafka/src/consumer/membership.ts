import { pause } from '../timing.js';

const CHECK_MS = 250;

/**
 * Knows for how long we may believe to be a member of the group. A process that was frozen wakes up with partitions that others own by now:
 * until a heartbeat is answered it makes no effect.
 */
export class Membership {
  #lastContact = Number.NEGATIVE_INFINITY;

  /**
   * @param leaseMs how long an answered heartbeat is trusted; less than the session timeout
   * @param now milliseconds of a clock that never goes back
   */
  constructor(
    private readonly leaseMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  confirm(): void {
    this.#lastContact = this.now();
  }

  get isFresh(): boolean {
    return this.now() - this.#lastContact < this.leaseMs;
  }

  /** Resolves once a heartbeat is fresh, or the signal is aborted. */
  async fresh(signal: AbortSignal): Promise<void> {
    while (!this.isFresh && !signal.aborted) await pause(CHECK_MS, signal);
  }
}
