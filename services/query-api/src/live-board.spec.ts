import { describe, expect, it } from '@jest/globals';
import type { MetricReading } from '@millrace/stores';
import { LiveBoard } from './live-board.js';

const reading = (windowStart: number, revision: number, dimensions: Record<string, string> = {}): MetricReading => ({
  metricKey: `orders${JSON.stringify(dimensions)}`, metric: 'orders', dimensions, window: '1m', windowStart, windowEnd: windowStart + 60_000, value: revision,
  count: 1, items: [], revision, watermark: null, final: false, computedAt: 0,
});
const seen = (readings: readonly MetricReading[]) => readings.map(({ windowStart, revision }) => [windowStart, revision]);

describe('LiveBoard', () => {
  it('keeps the newest window and its highest revision, in whatever order they come', () => {
    const board = new LiveBoard();
    board.take([reading(60, 2), reading(0, 9), reading(60, 1), reading(60, 3)]);
    expect(seen(board.newest())).toEqual([[60, 3]]);
    expect(seen(board.takeChanges())).toEqual([[60, 3], [0, 9]]);
  });

  it('tells each change once, and nothing where nothing changed', () => {
    const board = new LiveBoard();
    expect(board.take([reading(60, 2)])).toBe(true);
    board.takeChanges();
    expect(board.take([reading(60, 2), reading(60, 1)])).toBe(false);
    expect(board.takeChanges()).toEqual([]);
  });

  it('tells the correction of a window that has passed', () => {
    const board = new LiveBoard();
    board.take([reading(60, 1)]);
    board.takeChanges();
    board.take([reading(0, 5)]);
    expect(seen(board.newest())).toEqual([[60, 1]]);
    expect(seen(board.takeChanges())).toEqual([[0, 5]]);
  });

  it('leaves products out', () => {
    const board = new LiveBoard();
    expect(board.take([reading(60, 1, { product: 'p-1' })])).toBe(false);
    expect(board.newest()).toEqual([]);
  });
});
