import { describe, expect, test } from '@jest/globals';
import { nextAttempt, outcomeOfStatus, retryAfterMs, STANDARD_SCHEDULE } from './retry.js';

describe('status', () => {
  test.each([
    ['delivered', [200, 201, 202, 204, 299]],
    ['failed', [300, 301, 302, 303, 304, 307, 308]],
    ['failed', [400, 401, 403, 404, 405, 413, 422]],
    ['retry', [408, 425, 429, 500, 501, 502, 503, 504, 511, 599]],
    ['disabled', [410]],
  ] as const)('%s: %j', (outcome, statuses) => {
    for (const status of statuses) expect([status, outcomeOfStatus(status)]).toEqual([status, outcome]);
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 5, 12, 0, 0);
  test.each([
    ['2', 2_000],
    ['120', 120_000],
    ['120.0', 120_000],
    ['120.1', 121_000],
    ['0', 1_000],
    ['-1', 1_000],
    ['1e99', 3_600_000],
    ['86400', 3_600_000],
    ['Mon, 05 Jan 2026 12:02:00 GMT', 120_000],
    ['Mon, 05 Jan 2026 11:00:00 GMT', 1_000],
    ['Mon, 05 Jan 2036 11:00:00 GMT', 3_600_000],
    ['soon', null],
    ['may 2030', null],
    ['NaN', null],
    ['', null],
    [null, null],
  ])('%s is %s ms', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});

describe('schedule', () => {
  const state = { schedule: STANDARD_SCHEDULE, queuedAt: 0, now: 0, retryAfterMs: null, random: 0 };

  test('is the one of Standard Webhooks: ten attempts over 75 h 35 min 5 s', () => {
    const delays: number[] = [];
    for (let step = 1; ; step += 1) {
      const next = nextAttempt({ ...state, step });
      if (next === null) break;
      delays.push(next.at / 1_000);
    }
    expect(delays).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    expect(delays.reduce((sum, seconds) => sum + seconds, 0)).toBe(75 * 3_600 + 35 * 60 + 5);
  });

  test('adds up to a tenth, never takes away, and never more than a minute', () => {
    expect(nextAttempt({ ...state, step: 2, random: 1 })?.at).toBe(330_000);
    expect(nextAttempt({ ...state, step: 9, random: 1 })?.at).toBe(86_400_000 + 60_000);
  });

  test('an answer with Retry-After does not use the schedule up', () => {
    expect(nextAttempt({ ...state, step: 1, retryAfterMs: 2_000 })).toEqual({ at: 2_000, step: 0 });
  });

  test('a receiver that puts us off for ever is given up at the end of the schedule', () => {
    const end = (75 * 3_600 + 35 * 60 + 5) * 1_000;
    expect(nextAttempt({ ...state, step: 1, now: end, retryAfterMs: 2_000 })).toBeNull();
  });
});
