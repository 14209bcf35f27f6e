import type { MetricWindow } from '@millrace/contracts';
import type { Reading } from './survey.js';

/** Up to which event time windows were computed, as far as they were read since the start. */
export class Freshness {
  #newest: number | null = null;

  take(windows: readonly MetricWindow[]): void {
    for (const { window, windowEnd, watermark, count, computedAt } of windows) {
      // Longer windows end in the future; of a minute with events the same is true for seconds.
      const end = window === '1m' && count > 0 ? windowEnd : null;
      const times = [watermark, end].filter((time) => time !== null).map((time) => Math.min(time, computedAt));
      for (const time of times) this.#newest = Math.max(time, this.#newest ?? time);
    }
  }

  /** None before the first window. */
  readings(now: number): Reading[] {
    return this.#newest === null ? [] : [{ metric: 'freshness', dimensions: {}, value: Math.max(0, now - this.#newest) / 1_000, count: 0, offsets: [] }];
  }
}
