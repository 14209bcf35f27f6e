import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { WallClock } from './wall-clock.js';

const NOW = Date.UTC(2026, 0, 5, 12);
const EVERY_MS = 5_000;

beforeEach(() => { jest.useFakeTimers({ now: NOW }); });
afterEach(() => { jest.useRealTimers(); });

test.each([
  ['looks when everything is read', [0, 0], [NOW + EVERY_MS, NOW + 2 * EVERY_MS]],
  ['does not look over a backlog', [0, 3], []],
  ['does not look without partitions', [], []],
])('%s', async (_, lags, looks) => {
  const seen: number[] = [];
  const clock = new WallClock({
    lag: () => Promise.resolve(lags.map((lag) => ({ lag }))),
    look: (now) => Promise.resolve(void seen.push(now)),
    onError: (error) => { throw error; },
  });
  clock.start();
  await jest.advanceTimersByTimeAsync(2 * EVERY_MS);
  await clock.stop();
  await jest.advanceTimersByTimeAsync(2 * EVERY_MS);
  expect(seen).toEqual(looks);
});

test('tells what went wrong and looks again', async () => {
  const errors: unknown[] = [];
  const lag = jest.fn<() => Promise<{ lag: number }[]>>().mockRejectedValueOnce(new Error('no broker')).mockResolvedValue([{ lag: 0 }]);
  const look = jest.fn<(now: number) => Promise<void>>().mockResolvedValue();
  const clock = new WallClock({ lag, look, onError: (error) => { errors.push(error); } });
  clock.start();
  await jest.advanceTimersByTimeAsync(2 * EVERY_MS);
  await clock.stop();
  expect(errors).toEqual([new Error('no broker')]);
  expect(look).toHaveBeenCalledTimes(1);
});
