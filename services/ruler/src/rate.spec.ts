import { describe, expect, test } from '@jest/globals';
import { MINUTE, NOON, points, ruler, windowOf } from '../test/offline-ruler.js';

const RATE = '  - { name: rate, kind: rate, metric: orders, window: 1m, over: 2, OPTIONS }';

describe('rate', () => {
  test.each([
    ['rises by more than the percentage', 'percent: 50', [100, 100, 151, 100], ['FIRING 3-', 'RESOLVED 3-4']],
    ['is silent at the percentage', 'percent: 50', [100, 100, 150], []],
    ['rises by more than the number', 'change: 20', [10, 10, 31, 10], ['FIRING 3-', 'RESOLVED 3-4']],
    ['is silent at the number', 'change: 20', [10, 10, 30], []],
    ['compares with the window that many before, not with the last', 'percent: 50', [100, 400, 140, 90], []],
    ['does not see a fall by default', 'percent: 50', [100, 100, 10], []],
    ['sees a fall when asked', 'percent: 50, direction: down', [100, 100, 49], ['FIRING 3-']],
    ['sees both', 'change: 20, direction: both', [100, 100, 70, 130], ['FIRING 3-']],
    ['has nothing to compare with at first', 'change: 20', [100, 500], []],
    ['is silent over a small base', 'percent: 50, minBase: 10', [9, 9, 90], []],
    ['has no percentage of nothing', 'percent: 50', [0, 0, 90], []],
    ['has a change from nothing', 'change: 50', [0, 0, 90], ['FIRING 3-']],
    ['goes on until the change is small', 'percent: 50, clear: 10', [100, 100, 160, 120, 170], ['FIRING 3-', 'RESOLVED 3-5']],
    ['waits for two windows', 'percent: 50, for: 2', [100, 100, 160, 160], ['FIRING 4-']],
    ['does not wait in vain', 'percent: 50, for: 2', [100, 100, 160, 100, 160, 100], []],
  ])('%s', (_, options, values, story) => {
    expect(ruler(RATE.replace('OPTIONS', options)).take(points(values)).story).toEqual(story);
  });

  test('says what it compared with', () => {
    const [alert] = ruler(RATE.replace('OPTIONS', 'percent: 50')).take(points([100, 100, 160])).alerts;
    expect(alert).toMatchObject({ value: 160, threshold: 150 });
  });

  test('a window without events counts as none, and a fall to nothing is seen', () => {
    const gap = [windowOf({ minute: 0, value: 100 }), windowOf({ minute: 3, value: 90 })];
    expect(ruler(RATE.replace('OPTIONS', 'change: 50')).take(gap).story).toEqual(['FIRING 4-']);
    const subject = ruler(RATE.replace('OPTIONS', 'percent: 50, direction: down').replace('window: 1m', 'window: 1m, match: { country: "*" }'));
    subject.take([windowOf({ minute: 0, value: 100, dimensions: { country: 'MT' } })]);
    subject.take([windowOf({ minute: 9, value: 100, dimensions: { country: 'DE' } })]);
    expect(subject.story).toEqual(['FIRING MT3-', 'RESOLVED MT3-4']);
  });

  test('a late correction of the window compared with decides anew', () => {
    const subject = ruler(RATE.replace('OPTIONS', 'percent: 50')).take(points([100, 100, 160]));
    subject.take([windowOf({ minute: 0, value: 150, revision: 2, watermark: 3 })]);
    expect(subject.story).toEqual(['FIRING 3-', 'RESOLVED 3-3']);
  });

  test('a window that is not complete is not compared with', () => {
    const subject = ruler(RATE.replace('OPTIONS', 'percent: 50'));
    subject.take([windowOf({ minute: 0, value: 10, watermark: 0 }), windowOf({ minute: 2, value: 100, watermark: 0 })]);
    subject.take([windowOf({ minute: 0, value: 90, revision: 2, watermark: 1 })]);
    expect(subject.story).toEqual([]);
  });

  test('reaches back over hundreds of windows', () => {
    const subject = ruler(RATE.replace('over: 2', 'over: 300').replace('OPTIONS', 'change: 18.75'));
    for (const window of points([...Array.from({ length: 400 }, (_, minute) => minute / 16), 400 / 16 + 0.1])) subject.take([window]);
    expect(subject.story).toEqual(['FIRING 401-']);
  });

  test('compares days across a change of the clocks', () => {
    const day = (start: string, hours: number, value: number): ReturnType<typeof windowOf> => {
      const windowStart = Date.parse(start);
      return { ...windowOf({ minute: 0, value }), window: '1d', windowStart, windowEnd: windowStart + hours * 60 * MINUTE, watermark: null };
    };
    const subject = ruler(RATE.replace('1m', '1d').replace('over: 2', 'over: 1').replace('OPTIONS', 'percent: 50'));
    subject.take([day('2026-03-28T00:00Z', 24, 100), day('2026-03-29T00:00Z', 23, 100), day('2026-03-29T23:00Z', 24, 200)]);
    expect(subject.alerts.map(({ value, startsAt }) => [value, startsAt > NOON])).toEqual([[200, true]]);
  });
});
