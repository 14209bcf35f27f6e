import { describe, expect, it } from '@jest/globals';
import type { MetricReading } from '@millrace/stores';
import { LiveBoard } from './live-board.js';

const NOW = 600_000;
const reading = (windowStart: number, revision: number, dimensions: Record<string, string> = {}): MetricReading => ({
  metricKey: `orders${JSON.stringify(dimensions)}`, metric: 'orders', dimensions, window: '1m', windowStart, windowEnd: windowStart + 60_000, value: revision,
  count: 1, items: [], revision, watermark: null, final: false, computedAt: 0,
});
const seen = (readings: readonly MetricReading[]) => readings.map(({ windowStart, revision }) => [windowStart, revision]);

describe('LiveBoard', () => {
  it('keeps the newest window and its highest revision, in whatever order they come', () => {
    const board = new LiveBoard();
    board.take([reading(60, 2), reading(0, 9), reading(60, 1), reading(60, 3)], NOW);
    expect(seen(board.newest())).toEqual([[60, 3]]);
    expect(seen(board.takeChanges())).toEqual([[60, 3], [0, 9]]);
  });

  it('tells each change once, and nothing where nothing changed', () => {
    const board = new LiveBoard();
    expect(board.take([reading(60, 2)], NOW)).toBe(true);
    board.takeChanges();
    expect(board.take([reading(60, 2), reading(60, 1)], NOW)).toBe(false);
    expect(board.takeChanges()).toEqual([]);
  });

  it('tells the correction of a window that has passed', () => {
    const board = new LiveBoard();
    board.take([reading(60, 1)], NOW);
    board.takeChanges();
    board.take([reading(0, 5)], NOW);
    expect(seen(board.newest())).toEqual([[60, 1]]);
    expect(seen(board.takeChanges())).toEqual([[0, 5]]);
  });

  it('says what the newest rankings show, and forgets what ranks no more', () => {
    const board = new LiveBoard();
    const top = (windowStart: number, ...keys: string[]) => ({ ...reading(windowStart, 1), items: keys.map((key) => ({ key, value: 1 })) });
    board.take([top(0, 'p3', 'p1'), { ...top(0, 'p1', 'p2'), metricKey: 'low_stock{}' }], NOW);
    expect(board.ranked()).toEqual(['p1', 'p2', 'p3']);
    board.take([top(60, 'p4')], NOW);
    expect(board.ranked()).toEqual(['p1', 'p2', 'p4']);
  });

  it('takes of sliding windows the one that is about to end, not one that has only begun', () => {
    const board = new LiveBoard();
    const sliding = (windowStart: number) => ({ ...reading(windowStart, 1), window: '10m', windowEnd: windowStart + 600_000 });
    board.take([0, 60_000, 120_000, 600_000].map(sliding), NOW);
    expect(seen(board.newest())).toEqual([[60_000, 1]]);
    board.take([sliding(120_000)], NOW + 60_000);
    expect(seen(board.newest())).toEqual([[120_000, 1]]);
  });

  it('leaves products out', () => {
    const board = new LiveBoard();
    expect(board.take([reading(60, 1, { product: 'p-1' })], NOW)).toBe(false);
    expect(board.newest()).toEqual([]);
  });
});
