import { describe, expect, it } from '@jest/globals';
import { WeightedSampler, zipfWeights } from './popularity.js';
import { Random } from './random.js';

describe('Random', () => {
  it('gives unrelated streams to neighbouring ids', () => {
    const firsts = Array.from({ length: 2000 }, (_, id) => new Random('seed', 'shopper', id).next());
    const mean = firsts.reduce((sum, value) => sum + value, 0) / firsts.length;
    const variance = firsts.reduce((sum, value) => sum + (value - mean) ** 2, 0) / firsts.length;
    const covariance = firsts.slice(1).reduce((sum, value, index) => sum + (value - mean) * ((firsts[index] ?? 0) - mean), 0) / (firsts.length - 1);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.03);
    expect(Math.abs(covariance / variance)).toBeLessThan(0.08);
  });

  it('gives the same stream to the same names', () => {
    const draw = (...names: string[]): number[] => {
      const random = new Random(...names);
      return [random.next(), random.logNormal(5, 1), random.below(1000), random.geometric(0.5, 50)];
    };
    expect(draw('a', 'b')).toEqual(draw('a', 'b'));
    expect(draw('a', 'b')).not.toEqual(draw('ab'));
  });

  it('draws log-normal values around their median', () => {
    const random = new Random('log-normal');
    const values = Array.from({ length: 20_000 }, () => random.logNormal(35, 1.1)).sort((a, b) => a - b);
    expect(Math.abs((values[10_000] ?? 0) - 35)).toBeLessThan(1.5);
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length - 64)).toBeLessThan(3);
  });
});

describe('zipfWeights', () => {
  it.each([
    [2000, 0.011],
    [500, 0.05],
  ])('gives the first of %d products its share %d, and each next one less', (count, share) => {
    const weights = zipfWeights(count, share);
    expect(weights[0]).toBeCloseTo(share, 6);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
    expect(weights).toEqual(weights.toSorted((a, b) => b - a));
  });

  it('is followed by the sampler', () => {
    const weights = [0.5, 0.3, 0.15, 0.05];
    const sampler = new WeightedSampler(weights);
    const random = new Random('sampler');
    const counts = [0, 0, 0, 0];
    for (let draw = 0; draw < 100_000; draw += 1) {
      const index = sampler.draw(random);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    for (const [index, weight] of weights.entries()) expect(Math.abs((counts[index] ?? 0) / 100_000 - weight)).toBeLessThan(0.01);
  });
});
