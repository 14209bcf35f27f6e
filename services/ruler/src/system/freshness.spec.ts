import { expect, test } from '@jest/globals';
import { makeMetricWindow } from '@millrace/testing';
import { Freshness } from './freshness.js';

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 0, 5, 12);
const values = (...windows: Parameters<typeof makeMetricWindow>[0][]): number[] => {
  const freshness = new Freshness();
  freshness.take(windows.map((given) => makeMetricWindow({ windowStart: NOON, computedAt: NOON + 5 * MINUTE, ...given })));
  return freshness.readings(NOON + 10 * MINUTE).map(({ value }) => value);
};

test.each([
  ['the end of a minute with events', { windowEnd: NOON + MINUTE }, 540],
  ['the watermark, where that is newer', { watermark: NOON + 3 * MINUTE }, 420],
  ['no time after the computation', { windowStart: NOON + 5 * MINUTE - 1_000, windowEnd: NOON + 6 * MINUTE - 1_000 }, 300],
  ['the watermark of a day, whose end is to come', { window: '1d', windowEnd: NOON + 600 * MINUTE, watermark: NOON }, 600],
])('is measured from %s', (_, given, seconds) => {
  expect(values(given)).toEqual([seconds]);
});

test('has no value before the first window, nor by minutes without events', () => {
  expect(values()).toEqual([]);
  expect(values({ count: 0 })).toEqual([]);
});

test('an older window does not make it older', () => {
  expect(values({ windowStart: NOON + MINUTE }, { windowStart: NOON - 60 * MINUTE })).toEqual([480]);
});
