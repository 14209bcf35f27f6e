import type { MetricReading } from '@millrace/stores';
import { isYoung } from './sliding-window.js';

/** Too many of these for a page: one line per product. */
const LEFT_OUT = 'product';

/** The newest window of every metric and set of dimensions, and what changed since last asked; no sliding window that has only begun. Pure. */
export class LiveBoard {
  readonly #newest = new Map<string, MetricReading>();
  #changed = new Map<string, MetricReading>();

  /** Takes in windows in any order at the time `now`, ms; a lower revision or the same one changes nothing. Returns whether anything changed. */
  take(readings: readonly MetricReading[], now: number): boolean {
    for (const reading of readings) {
      if (LEFT_OUT in reading.dimensions || isYoung(reading, now)) continue;
      const key = `${reading.window} ${reading.metricKey}`;
      const held = this.#newest.get(key);
      if (held !== undefined && !isNewer(reading, held) && reading.windowStart === held.windowStart) continue;
      if (held === undefined || isNewer(reading, held)) this.#newest.set(key, reading);
      const place = `${key} ${String(reading.windowStart)}`;
      const pending = this.#changed.get(place);
      if (pending === undefined || pending.revision < reading.revision) this.#changed.set(place, reading);
    }
    return this.#changed.size > 0;
  }

  newest(): MetricReading[] {
    return [...this.#newest.values()];
  }

  /** Keys that the newest rankings show, each once, sorted. */
  ranked(): string[] {
    return [...new Set(this.newest().flatMap(({ items }) => items.map(({ key }) => key)))].sort();
  }

  /** What changed since the last call, corrections of earlier windows too. */
  takeChanges(): MetricReading[] {
    const changed = [...this.#changed.values()];
    this.#changed = new Map();
    return changed;
  }
}

function isNewer(a: MetricReading, b: MetricReading): boolean {
  return a.windowStart === b.windowStart ? a.revision > b.revision : a.windowStart > b.windowStart;
}
