import type { MetricWindow, WindowName } from '@millrace/contracts';
import type { MetricPoint } from './ports.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How much of each metric the cache keeps, from its newest window backwards, ms. */
export const CACHE_BOUNDS: Readonly<Record<WindowName, number>> = {
  '1m': 26 * HOUR,
  '10m': 26 * HOUR,
  '1h': 35 * DAY,
  '1d': 800 * DAY,
  // 120 months of at most 31 days.
  '1mo': 120 * 31 * DAY,
};

/** Keeps what the shortest windows keep where the length is not known here. */
export function cacheBound(window: string): number {
  return new Map<string, number>(Object.entries(CACHE_BOUNDS)).get(window) ?? CACHE_BOUNDS['1m'];
}

/** Of each window the highest revision, in the order of their keys: one order for all writers means no deadlock. */
export function highestRevisions(windows: readonly MetricWindow[]): MetricWindow[] {
  const highest = new Map<string, MetricWindow>();
  for (const window of windows) {
    const id = `${window.metricKey}\n${window.window}\n${window.windowStart}`;
    const held = highest.get(id);
    if (held === undefined || window.revision > held.revision) highest.set(id, window);
  }
  return [...highest.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, window]) => window);
}

/** The point of a window. */
export function pointOf(window: MetricPoint): MetricPoint {
  const { windowStart, windowEnd, value, count, items, revision, watermark, final, computedAt } = window;
  return { windowStart, windowEnd, value, count, items, revision, watermark, final, computedAt };
}
