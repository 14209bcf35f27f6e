import { describe, expect, it } from '@jest/globals';
import type { ConsumerSignal } from '../port.js';
import { gapAtAssignment, gapBefore } from './gap.detector.js';
import { Membership } from './membership.js';
import { OffsetCommitter } from './offset.committer.js';
import { ProgressWatchdog } from './progress.watchdog.js';

describe('gapBefore', () => {
  const log = (low: number) => () => Promise.resolve({ partition: 0, low, high: 100 });
  it.each([
    ['no offset before', undefined, 50, 50, undefined],
    ['the next offset', 10, 10, 0, undefined],
    ['a hole that compaction or a transaction left', 10, 14, 0, undefined],
    ['records deleted before they were read', 10, 50, 50, { from: 10, to: 50 }],
    ['a hole, of which only a part was deleted', 10, 50, 30, { from: 10, to: 30 }],
    ['more deleted since the batch was fetched', 10, 50, 80, { from: 10, to: 50 }],
    ['a log that began anew', 10, 0, 0, { from: 10, to: 0 }],
  ])('%s', async (_name, expected, first, low, gap) => {
    expect(await gapBefore(expected, first, log(low))).toEqual(gap);
  });
});

describe('gapAtAssignment', () => {
  const log = { partition: 0, low: 20, high: 30 };
  it.each([
    [undefined, undefined],
    [10, { from: 10, to: 20 }],
    [20, undefined],
    [30, undefined],
    [31, { from: 31, to: 20 }],
  ])('committed %s', (committed, gap) => {
    expect(gapAtAssignment(committed, log)).toEqual(gap);
  });
});

describe('membership', () => {
  it('is fresh for its lease after a heartbeat, and makes a frozen process wait for the next', async () => {
    let now = 0;
    const membership = new Membership(8_000, () => now);
    expect(membership.isFresh).toBe(false);
    membership.confirm();
    now = 7_999;
    expect(membership.isFresh).toBe(true);
    // Frozen for 45 s: the group has given the partitions away.
    now = 45_000;
    expect(membership.isFresh).toBe(false);
    const stop = new AbortController();
    let went = false;
    const waiting = membership.fresh(stop.signal).then(() => { went = true; });
    await Promise.resolve();
    expect(went).toBe(false);
    membership.confirm();
    await waiting;
    expect(went).toBe(true);
  });

  it('waits no longer once the partition is lost', async () => {
    const stop = new AbortController();
    const waiting = new Membership(8_000, () => 1e9).fresh(stop.signal);
    stop.abort();
    await waiting;
  });
});

describe('the committer', () => {
  it('covers what comes meanwhile with one commit, and never goes back', async () => {
    const commits: number[] = [];
    let answer = (): void => undefined;
    const committer = new OffsetCommitter((offset) => {
      commits.push(offset);
      return new Promise((resolve) => { answer = resolve; });
    });
    committer.commitSoon(1);
    await Promise.resolve();
    for (const offset of [2, 3, 4]) committer.commitSoon(offset);
    answer();
    while (commits.length < 2) await Promise.resolve();
    answer();
    await committer.settled();
    expect(commits).toEqual([1, 4]);
  });

  it('tries again where the coordinator is away', async () => {
    const commits: number[] = [];
    const committer = new OffsetCommitter((offset) => (commits.push(offset) < 3 ? Promise.reject(new TypeError('away')) : Promise.resolve()));
    committer.commitSoon(7);
    await committer.settled();
    expect(commits).toEqual([7, 7, 7]);
  });
});

describe('the watchdog', () => {
  it('tells a stall once, and is calm again when the partition moves', () => {
    let now = 0;
    const told: ConsumerSignal[] = [];
    const watchdog = new ProgressWatchdog(60_000, (signal) => told.push(signal), () => now);
    const at = (position: number, lag: number): void => { watchdog.observe([{ topic: 't', partition: 0, position, lag }]); };
    at(5, 10);
    now = 59_000;
    at(5, 12);
    expect(watchdog.isStalled).toBe(false);
    now = 61_000;
    at(5, 12);
    at(5, 12);
    expect(told).toEqual([{ type: 'stalled', topic: 't', partition: 0, lag: 12, forMs: 61_000 }]);
    expect(watchdog.isStalled).toBe(true);
    at(6, 11);
    expect(watchdog.isStalled).toBe(false);
  });

  it('is calm without lag, and forgets partitions that others have', () => {
    let now = 0;
    const watchdog = new ProgressWatchdog(60_000, () => undefined, () => now);
    watchdog.observe([{ topic: 't', partition: 0, position: 5, lag: 0 }, { topic: 't', partition: 1, position: 5, lag: 3 }]);
    now = 100_000;
    watchdog.observe([{ topic: 't', partition: 0, position: 5, lag: 0 }]);
    expect(watchdog.isStalled).toBe(false);
  });
});
