import { describe, expect, it } from '@jest/globals';
import { windowAt } from '../test/windows.js';
import { cacheBound, highestRevisions } from './metric-window.js';

describe('highestRevisions', () => {
  it('keeps the highest revision of each window wherever it stands', () => {
    const kept = highestRevisions([windowAt(1, 3), windowAt(0, 9), windowAt(1, 7), windowAt(0, 2), windowAt(1, 5)]);
    expect(kept.map(({ windowStart, revision }) => [windowStart, revision])).toEqual([
      [windowAt(0, 9).windowStart, 9],
      [windowAt(1, 7).windowStart, 7],
    ]);
  });

  it('tells windows of another length and other dimensions apart', () => {
    expect(highestRevisions([windowAt(0, 1), windowAt(0, 1, { window: '1d' }), windowAt(0, 1, { dimensions: { currency: 'USD' } })])).toHaveLength(3);
  });

  it('gives one order whatever the order of arrival', () => {
    const windows = [3, 1, 2, 10, 20].map((index) => windowAt(index, 1));
    expect(highestRevisions(windows)).toEqual(highestRevisions([...windows].reverse()));
  });
});

describe('cacheBound', () => {
  it('knows every window, and is careful with one it does not know', () => {
    expect(cacheBound('1d')).toBe(800 * 86_400_000);
    expect(cacheBound('7w')).toBe(cacheBound('1m'));
  });
});
