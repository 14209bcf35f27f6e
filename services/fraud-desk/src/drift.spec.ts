import { describe, expect, it } from '@jest/globals';
import { binOf, referenceOf, stabilityIndex, type FeatureVector } from './drift.js';

const vectors = (values: readonly (number | null)[]): FeatureVector[] => values.map((value) => ({ f: value }));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const countsOf = (cuts: readonly number[], values: readonly (number | null)[]): number[] => {
  const counts = Array<number>(cuts.length + 2).fill(0);
  for (const value of values) counts[binOf(cuts, value)]! += 1;
  return counts;
};

describe('referenceOf', () => {
  it('cuts at the deciles, and puts a tenth into each bin', () => {
    expect(referenceOf(vectors(upTo(1_000)))['f']).toEqual({
      cuts: [100, 200, 300, 400, 500, 600, 700, 800, 900],
      counts: [100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 0],
    });
  });

  it('has a bin of its own for what is unknown: null, NaN, infinite, absent', () => {
    const { cuts, counts } = referenceOf([...vectors([1, 2, null, Number.NaN, Infinity]), {}])['f']!;
    expect(counts.at(-1)).toBe(4);
    expect(binOf(cuts, undefined)).toBe(cuts.length + 1);
  });

  it('keeps few values apart, and what is lower or higher than all of them', () => {
    const { cuts, counts } = referenceOf(vectors([...Array<number>(95).fill(0), ...Array<number>(5).fill(1)]))['f']!;
    expect(counts).toEqual([0, 95, 5, 0]);
    expect(binOf(cuts, -1)).toBe(0);
    expect(binOf(referenceOf(vectors([5, 5, 5]))['f']!.cuts, 4.999)).toBe(0);
    expect(binOf(referenceOf(vectors([5, 5, 5]))['f']!.cuts, 5)).toBe(1);
  });

  it('survives JSON', () => {
    const { cuts } = referenceOf(vectors([0, 0, 0, 1]))['f']!;
    expect(JSON.parse(JSON.stringify(cuts))).toEqual(cuts);
  });

  it('takes 200 features at most', () => {
    const many = Object.fromEntries(upTo(500).map((index) => [`f${String(index).padStart(3, '0')}`, 1]));
    expect(Object.keys(referenceOf([many]))).toEqual(Array.from({ length: 200 }, (_, index) => `f${String(index + 1).padStart(3, '0')}`));
  });

  it('knows only unknown values of a feature nobody had', () => {
    expect(referenceOf(vectors([null, null]))['f']).toEqual({ cuts: [], counts: [0, 2] });
  });
});

describe('stabilityIndex', () => {
  const { cuts, counts } = referenceOf(vectors(upTo(1_000)))['f']!;

  it('is zero for the same distribution', () => {
    expect(stabilityIndex(counts, counts)).toBe(0);
  });

  it('is the sum of (p - q) ln(p / q)', () => {
    expect(stabilityIndex([50, 50], [20, 80])).toBeCloseTo((0.2 - 0.5) * Math.log(0.4) + (0.8 - 0.5) * Math.log(1.6), 12);
  });

  it('is small for a sample, and large for a shift, and for values that went missing', () => {
    expect(stabilityIndex(counts, countsOf(cuts, upTo(500).map((n) => n * 2)))).toBeLessThan(0.01);
    expect(stabilityIndex(counts, countsOf(cuts, upTo(500).map((n) => n * 2 + 300)))).toBeGreaterThan(0.25);
    expect(stabilityIndex(counts, countsOf(cuts, upTo(500).map((n) => (n % 2 === 0 ? null : n * 2))))).toBeGreaterThan(0.25);
  });

  it('is not known where one of them is empty', () => {
    expect(stabilityIndex([0, 0], [1, 2])).toBeNull();
    expect(stabilityIndex([1, 2], [])).toBeNull();
  });
});
