import { describe, expect, it } from '@jest/globals';
import { windowDefinitions } from '@millrace/contracts';
import type { MetricReading } from '@millrace/stores';
import { freshnessOf } from './freshness.read-model.js';
import { asOfMs, metricAsOfMs, staleAfterMs } from './freshness.rule.js';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 5, 1, 12);

describe('when a number is stale', () => {
  it.each([['1m', 2], ['10m', 2], ['1h', 6], ['1d', 6], ['1mo', 6]] as const)('a number of %s after %d minutes', (window, minutes) => {
    expect(staleAfterMs(windowDefinitions[window])).toBe(minutes * MINUTE);
  });

  it('speaks for the moment it was computed, but never past its window: a backlog is not fresh because it was computed just now', () => {
    expect(asOfMs({ windowEnd: 900, computedAt: 500 })).toBe(500);
    expect(asOfMs({ windowEnd: 900, computedAt: 5_000 })).toBe(900);
  });

  it('is as fresh as its slowest source where that is fresher', () => {
    expect(metricAsOfMs(100, [500, 300])).toBe(300);
    expect(metricAsOfMs(400, [500, 300])).toBe(400);
    expect(metricAsOfMs(100, [500, null])).toBe(100);
    expect(metricAsOfMs(100, [])).toBe(100);
  });
});

describe('freshnessOf', () => {
  const reading = (metric: string, ageMs: number, dimensions: Record<string, string> = {}): MetricReading => ({
    metricKey: metric, metric, dimensions, window: '1m', windowStart: 0, windowEnd: NOW + MINUTE, value: 1, count: 1, items: [], revision: 1,
    watermark: null, final: false, computedAt: NOW - ageMs,
  });
  const of = (readings: MetricReading[], metric: string) => freshnessOf(readings, NOW).find((entry) => entry.metric === metric);

  it('knows every metric of the catalogue, those never computed as stale', () => {
    expect(of([], 'rating')).toEqual({ metric: 'rating', window: '1h', asOf: null, ageMs: null, staleAfterMs: 6 * MINUTE, stale: true });
  });

  it('turns stale past the limit, not at it', () => {
    expect(of([reading('orders', 2 * MINUTE)], 'orders')).toMatchObject({ ageMs: 2 * MINUTE, stale: false });
    expect(of([reading('orders', 2 * MINUTE + 1)], 'orders')).toMatchObject({ stale: true });
  });

  it('keeps refunds fresh while orders are counted, though nobody wants money back', () => {
    const counted = reading('events', 1_000, { topic: 'shop.orders.v1' });
    expect(of([reading('refunds', 60 * MINUTE), counted], 'refunds')).toMatchObject({ ageMs: 1_000, stale: false });
    expect(of([reading('rating', 60 * MINUTE), counted], 'rating')).toMatchObject({ stale: true });
  });

  it('does not give a topic that stands still the freshness of another', () => {
    const events = [reading('events', 1_000, { topic: 'shop.orders.v1' }), reading('events', 30 * MINUTE, { topic: 'shop.clickstream.v1' })];
    expect(of([reading('conversion_rate', 40 * MINUTE), ...events], 'conversion_rate')).toMatchObject({ ageMs: 30 * MINUTE, stale: true });
  });
});
