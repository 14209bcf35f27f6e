import type { MetricWindow } from '@millrace/contracts';
import { makeMetricWindow } from '@millrace/testing';

export const MINUTE = 60_000;
/** 2026-01-05T00:00:00Z. */
export const START = 1_767_571_200_000;

/** A window of revenue; `index` counts minutes from START. */
export function windowAt(index: number, revision: number, change: Partial<MetricWindow> = {}): MetricWindow {
  const windowStart = START + index * MINUTE;
  return makeMetricWindow({
    metric: 'revenue',
    dimensions: { currency: 'EUR' },
    windowStart,
    value: index * 1_000 + revision,
    count: revision,
    revision,
    watermark: windowStart,
    sourceOffsets: [{ topic: 'shop.orders.v1', partition: 0, firstOffset: 1, lastOffset: revision }],
    computedAt: windowStart + 90_000,
    ...change,
  });
}
