/** How a feature was distributed when its model was new. */
export interface ReferenceBins {
  /** Ascending. Bin i holds what is at most cut i and more than the one before; one bin more lies above the last cut, one more holds what is unknown. */
  readonly cuts: readonly number[];
  /** Samples in each bin: `cuts.length + 2` numbers. */
  readonly counts: readonly number[];
}

export type FeatureVector = Readonly<Record<string, number | null>>;

const DECILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/** A share of nothing would make the index infinite. */
const LEAST_SHARE = 1e-4;
/** No input makes the number of series grow without bound. */
const MOST_FEATURES = 200;

/** Bins of every feature that occurs in the samples, by name; the first 200 in the order of their names. */
export function referenceOf(samples: readonly FeatureVector[]): Readonly<Record<string, ReferenceBins>> {
  const names = [...new Set(samples.flatMap((sample) => Object.keys(sample)))].sort().slice(0, MOST_FEATURES);
  return Object.fromEntries(names.map((name) => {
    const values = samples.map((sample) => sample[name] ?? null);
    const cuts = cutsOf(values.filter(isKnown).sort((a, b) => a - b));
    const counts = emptyCounts(cuts);
    for (const value of values) increment(counts, binOf(cuts, value));
    return [name, { cuts, counts }];
  }));
}

/** Which bin a value falls into. What is missing or no finite number is unknown: the last bin. */
export function binOf(cuts: readonly number[], value: number | null | undefined): number {
  if (!isKnown(value)) return cuts.length + 1;
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cuts[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const emptyCounts = (cuts: readonly number[]): number[] => Array<number>(cuts.length + 2).fill(0);

export function increment(counts: number[], bin: number): void {
  counts[bin] = (counts[bin] ?? 0) + 1;
}

/** Population stability index of two distributions over the same bins: the sum of (p - q) ln(p / q). Null where one of them is empty. */
export function stabilityIndex(reference: readonly number[], current: readonly number[]): number | null {
  const all = sum(reference);
  const now = sum(current);
  if (all === 0 || now === 0) return null;
  return sum(reference.map((count, bin) => {
    const expected = Math.max(count / all, LEAST_SHARE);
    const actual = Math.max((current[bin] ?? 0) / now, LEAST_SHARE);
    return (actual - expected) * Math.log(actual / expected);
  }));
}

/** Deciles, each once. Where the lowest is the least value itself, a cut just below it keeps what is lower still apart. */
function cutsOf(sorted: readonly number[]): readonly number[] {
  const least = sorted[0];
  if (least === undefined) return [];
  const cuts = [...new Set(DECILES.map((share) => sorted[Math.ceil(share * sorted.length) - 1] ?? least))];
  return cuts[0] === least ? [least - Math.max(Math.abs(least) * Number.EPSILON, Number.MIN_VALUE), ...cuts] : cuts;
}

const isKnown = (value: number | null | undefined): value is number => typeof value === 'number' && Number.isFinite(value);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
