import { hash } from 'node:crypto';
import { randomLogNormal } from 'd3-random';
import type { JumpableRandomGenerator } from 'pure-rand/types/JumpableRandomGenerator';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/**
 * A stream of random numbers named by its parts. The state is the SHA-256 of the names, because generators seeded with neighbouring small
 * numbers are correlated; so the stream of a shopper depends on the world's seed and her id alone, not on what else happened.
 */
export class Random {
  readonly #generator: JumpableRandomGenerator;
  #logNormals: Map<number, () => number> | null = null;

  constructor(...names: readonly (string | number)[]) {
    const digest = hash('sha256', names.join('\u0000'), 'buffer');
    const state = [0, 4, 8, 12].map((at) => digest.readInt32LE(at));
    this.#generator = xoroshiro128plusFromState(state);
  }

  /** Uniform in [0, 1). */
  next(): number {
    return uniformFloat64(this.#generator);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Uniform integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }

  /** Index drawn with these probabilities, which sum to 1; the last takes what rounding leaves. */
  weighted(probabilities: readonly number[]): number {
    let rest = this.next();
    for (const [index, probability] of probabilities.entries()) {
      rest -= probability;
      if (rest < 0) return index;
    }
    return probabilities.length - 1;
  }

  /** Log-normal: `median`, and `sigma` of its logarithm. */
  logNormal(median: number, sigma: number): number {
    this.#logNormals ??= new Map();
    let draw = this.#logNormals.get(sigma);
    if (draw === undefined) {
      draw = randomLogNormal.source(() => this.next())(0, sigma);
      this.#logNormals.set(sigma, draw);
    }
    return median * draw();
  }

  /** Number of successes before the first failure; mean p / (1 - p). */
  geometric(probability: number, most: number): number {
    let count = 0;
    while (count < most && this.chance(probability)) count += 1;
    return count;
  }
}
