import type { Random } from './random.js';

/** Weights 1 / (rank + shift): Zipf-Mandelbrot with exponent 1, the shift chosen so that the first has `topShare` of all. */
export function zipfWeights(count: number, topShare: number): readonly number[] {
  let low = 0;
  let high = 1e7;
  for (let step = 0; step < 80; step += 1) {
    const middle = (low + high) / 2;
    if (shareOfFirst(count, middle) > topShare) low = middle;
    else high = middle;
  }
  const raw = Array.from({ length: count }, (_, rank) => 1 / (rank + 1 + high));
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  return raw.map((weight) => weight / total);
}

function shareOfFirst(count: number, shift: number): number {
  let total = 0;
  for (let rank = 1; rank <= count; rank += 1) total += 1 / (rank + shift);
  return 1 / (1 + shift) / total;
}

/** Draws an index by its weight in constant time (Vose's alias method). */
export class WeightedSampler {
  readonly #threshold: Float64Array;
  readonly #alias: Int32Array;

  constructor(weights: readonly number[]) {
    const count = weights.length;
    this.#threshold = new Float64Array(count).fill(1);
    this.#alias = Int32Array.from({ length: count }, (_, index) => index);
    const scaled = weights.map((weight) => weight * count);
    const small = [...scaled.keys()].filter((index) => (scaled[index] ?? 0) < 1);
    const large = [...scaled.keys()].filter((index) => (scaled[index] ?? 0) >= 1);
    for (;;) {
      const less = small.pop();
      const more = large.pop();
      if (less === undefined || more === undefined) return;
      const share = scaled[less] ?? 0;
      this.#threshold[less] = share;
      this.#alias[less] = more;
      const rest = (scaled[more] ?? 0) - (1 - share);
      scaled[more] = rest;
      (rest < 1 ? small : large).push(more);
    }
  }

  draw(random: Random): number {
    const place = random.next() * this.#threshold.length;
    const index = Math.floor(place);
    return place - index < (this.#threshold[index] ?? 1) ? index : (this.#alias[index] ?? index);
  }
}
