import { metricKey, type MetricWindow } from '@millrace/contracts';

export const MINUTE = 60_000;
/** 2026-01-05T00:00:00Z. */
export const START = 1_767_571_200_000;

/** A window of revenue; `index` counts minutes from START. */
export function windowAt(index: number, revision: number, change: Partial<MetricWindow> = {}): MetricWindow {
  const dimensions = change.dimensions ?? { currency: 'EUR' };
  const metric = change.metric ?? 'revenue';
  const windowStart = START + index * MINUTE;
  return {
    metricKey: metricKey(metric, dimensions),
    metric,
    dimensions,
    window: '1m',
    windowStart,
    windowEnd: windowStart + MINUTE,
    value: index * 1_000 + revision,
    count: revision,
    items: [],
    revision,
    watermark: windowStart,
    final: false,
    sourceOffsets: [{ topic: 'shop.orders.v1', partition: 0, firstOffset: 1, lastOffset: revision }],
    computedAt: windowStart + 90_000,
    lane: 'live',
    ...change,
  };
}
