import { describe, expect, it } from '@jest/globals';
import { RateCurve, Slots } from './arrivals.js';
import { PROFILES } from './profiles.js';
import { Random } from './random.js';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 2, 27);

function countByHour(curve: RateCurve, rate: number, hours: number, start = START): number[] {
  const slots = new Slots(rate, curve, start, new Random('slots'));
  const counts = Array<number>(hours).fill(0);
  while (slots.at < start + hours * HOUR_MS) {
    const hour = Math.floor((slots.at - start) / HOUR_MS);
    counts[hour] = (counts[hour] ?? 0) + 1;
    slots.take();
  }
  return counts;
}

describe('Slots', () => {
  it('hold a flat rate to within one event, at irregular gaps', () => {
    for (const count of countByHour(new RateCurve(null, 'UTC'), 1, 5)) expect(Math.abs(count - 3600)).toBeLessThanOrEqual(1);
    const slots = new Slots(1, new RateCurve(null, 'UTC'), START, new Random('gaps'));
    const gaps = Array.from({ length: 500 }, () => {
      const before = slots.at;
      slots.take();
      return slots.at - before;
    });
    expect(new Set(gaps.map(Math.round)).size).toBeGreaterThan(300);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
  });

  it('follow the curve and hold its mean over a week', () => {
    const { curve } = PROFILES.b2c;
    const flatYear = { ...curve, months: Array<number>(12).fill(1) };
    const counts = countByHour(new RateCurve(flatYear, 'UTC'), 0.5, 7 * 24);
    expect(Math.abs(counts.reduce((sum, count) => sum + count, 0) - 0.5 * 7 * 24 * 3600)).toBeLessThanOrEqual(2);
    for (const [hour, count] of counts.slice(0, 24).entries()) {
      const expected = (count / (curve.hours[hour] ?? 1)) * (curve.hours[20] ?? 1);
      expect(Math.abs(expected - (counts[20] ?? 0))).toBeLessThan(0.25 * (counts[20] ?? 0));
    }
  });

  it('follow the local clock through the change to summer time', () => {
    const closedUntilNine = { hours: Array.from({ length: 24 }, (_, hour) => (hour < 9 ? 0 : 1)), weekdays: Array<number>(7).fill(1), months: Array<number>(12).fill(1) };
    const counts = countByHour(new RateCurve(closedUntilNine, 'Europe/Berlin'), 0.1, 72);
    const firstBusyHour = (day: number): number => counts.slice(24 * day + 3, 24 * day + 24).findIndex((count) => count > 0) + 3;
    // 27 and 28 March 2026 begin at 9:00 CET = 8:00 UTC; 29 March at 9:00 CEST = 7:00 UTC.
    expect([0, 1, 2].map(firstBusyHour)).toEqual([8, 8, 7]);
  });

  it('come never at rate 0 and at once after a restart', () => {
    const flat = new RateCurve(null, 'UTC');
    const slots = new Slots(0, flat, START, new Random('none'));
    expect(slots.at).toBe(Infinity);
    slots.restart(START + HOUR_MS, 1000, flat);
    expect(slots.at - START - HOUR_MS).toBeLessThanOrEqual(1);
  });
});
