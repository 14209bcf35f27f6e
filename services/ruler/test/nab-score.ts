/** One series of the Numenta Anomaly Benchmark, in time order. */
export interface NabSeries {
  readonly name: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** Labelled anomalies, each from its first to its last row. */
  readonly windows: readonly { readonly first: number; readonly last: number }[];
}

/** What a detector earned: its score, windows found, rows outside of all windows. */
export interface NabScore {
  readonly score: number;
  readonly found: number;
  readonly falseAlarms: number;
}

/** The standard profile: a window missed costs 1, a row outside all windows up to 0.11. */
const MISSED = 1;
const FALSE_ALARM = 0.11;
const PROBATION = 0.15;
const MOST_PROBATION = 750;
/** Widths of a window after which a false alarm is as bad as it gets. */
const FAR = 3;

/** What a detection in each row is worth: `window` is its label's index; null: outside; rows on probation are worth nothing. */
interface Row {
  readonly window: number | null;
  readonly worth: number;
}

/**
 * The score of Lavin and Ahmad (2015), "Evaluating real-time anomaly detection algorithms": within a window the earliest detection counts,
 * by a sigmoid over its place; outside each detection costs, less when shortly after a window. 0 is a detector that says nothing, 100 one
 * that meets every window in its first row and is else silent.
 */
export class NabScorer {
  readonly #rows: readonly (readonly (Row | null)[])[];
  readonly windows: number;
  readonly #scored: number;

  constructor(private readonly corpus: readonly NabSeries[]) {
    this.#rows = corpus.map(rowsOf);
    this.windows = corpus.reduce((sum, { windows }) => sum + windows.length, 0);
    this.#scored = this.#rows.reduce((sum, rows) => sum + windowsIn(rows), 0);
  }

  /** Scores detections, as row numbers by series. */
  score(detections: readonly (readonly number[])[]): NabScore {
    let sum = -MISSED * this.#scored;
    const best = new Map<string, number>();
    let falseAlarms = 0;
    for (const [series, indices] of detections.entries()) {
      for (const index of indices) {
        const row = this.#rows[series]?.[index] ?? null;
        if (row === null) continue;
        if (row.window === null) falseAlarms += 1;
        sum += gainOf(best, series, row);
      }
    }
    return { score: this.#normal(sum), found: best.size, falseAlarms };
  }

  /** The best score that one threshold for all series gives these anomaly scores: the benchmark's own way to choose it. */
  bestThreshold(scores: readonly (readonly number[])[]): { readonly threshold: number; readonly score: number } {
    const points = scores.flatMap((values, series) =>
      values.flatMap((value, index) => {
        const row = this.#rows[series]?.[index] ?? null;
        return row === null ? [] : [{ value, series, row }];
      }),
    );
    points.sort((left, right) => right.value - left.value);
    const best = new Map<string, number>();
    let sum = -MISSED * this.#scored;
    let top = { threshold: Number.POSITIVE_INFINITY, score: sum };
    for (const [place, { value, series, row }] of points.entries()) {
      sum += gainOf(best, series, row);
      if (sum > top.score && points[place + 1]?.value !== value) top = { threshold: value, score: sum };
    }
    return { threshold: top.threshold, score: this.#normal(top.score) };
  }

  #normal(sum: number): number {
    return (100 * (sum + MISSED * this.#scored)) / (this.windows + MISSED * this.#scored);
  }
}

/** What one more detection adds; in a window only what is better than the best before, of which the first makes good that it is not missed. */
function gainOf(best: Map<string, number>, series: number, { window, worth }: Row): number {
  if (window === null) return worth;
  const key = `${String(series)} ${String(window)}`;
  const before = best.get(key) ?? -MISSED;
  best.set(key, Math.max(before, worth));
  return Math.max(0, worth - before);
}

/** Rows at the beginning, in which a detector may still learn: they are not scored. */
export function probationOf({ times }: NabSeries): number {
  return Math.min(Math.floor(PROBATION * times.length), MOST_PROBATION);
}

function rowsOf(series: NabSeries): (Row | null)[] {
  const { times, windows } = series;
  const probation = probationOf(series);
  return times.map((_, index) => {
    if (index < probation) return null;
    const window = windows.findIndex(({ first, last }) => index >= first && index <= last);
    const inside = windows[window];
    if (inside !== undefined) return { window, worth: sigmoid((index - inside.last - 1) / (inside.last - inside.first + 1)) / sigmoid(-1) };
    const past = windows.findLast(({ last }) => last < index);
    return { window: null, worth: FALSE_ALARM * (past === undefined ? -1 : sigmoid((index - past.last) / (past.last - past.first))) };
  });
}

function windowsIn(rows: readonly (Row | null)[]): number {
  return new Set(rows.flatMap((row) => (row?.window === null || row === null ? [] : [row.window]))).size;
}

/** 1 a window's width before its end, 0 at its end, -1 long after. */
function sigmoid(position: number): number {
  return position >= FAR ? -1 : 2 / (1 + Math.exp(5 * position)) - 1;
}
