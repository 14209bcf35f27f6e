import type { OrderRow } from './order-features.js';

/** The best that one feature alone can do. */
export interface SingleRule {
  readonly rule: string;
  /** Harmonic mean of precision and recall, 0 to 1. */
  readonly f1: number;
}

/** Rules of the form "feature at least t", "at most t" or "value is one of a set". */
export class SingleRules {
  readonly #columns: readonly { readonly name: string; readonly values: Float64Array; readonly order: Uint32Array }[];

  constructor(private readonly rows: readonly OrderRow[]) {
    this.#columns = Object.keys(rows[0]?.numbers ?? {}).map((name) => {
      const values = Float64Array.from(rows, (row) => row.numbers[name] ?? NaN);
      return { name, values, order: Uint32Array.from(rows.keys()).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0)) };
    });
  }

  /** The best rule to tell the frauds of `scenario` from the honest; all frauds without one. */
  best(scenario?: string): SingleRule {
    const marks = Int8Array.from(this.rows, (row) => (row.scenario === null ? 0 : scenario === undefined || row.scenario === scenario ? 1 : -1));
    const total = marks.reduce((sum, mark) => sum + Math.max(0, mark), 0);
    const all = marks.reduce((sum, mark) => sum + (mark < 0 ? 0 : 1), 0);
    const rules = [
      ...this.#columns.flatMap(({ name, values, order }) => thresholds(name, values, order, marks, total, all)),
      ...Object.keys(this.rows[0]?.texts ?? {}).map((name) => valueSet(name, this.rows, marks, total)),
    ];
    return rules.reduce((best, rule) => (rule.f1 > best.f1 ? rule : best));
  }
}

/** Both directions in one pass over the rows by rising value; a rule's border lies only where the value changes. */
function thresholds(name: string, values: Float64Array, order: Uint32Array, marks: Int8Array, total: number, all: number): SingleRule[] {
  let hits = 0;
  let seen = 0;
  let last = NaN;
  let low = { f1: 0, at: NaN };
  let high = { f1: 0, at: NaN };
  for (const row of order) {
    const mark = marks[row] ?? -1;
    if (mark < 0) continue;
    const value = values[row] ?? NaN;
    if (value !== last) {
      const below = f1Of(hits, seen, total);
      if (below > low.f1) low = { f1: below, at: last };
      const from = f1Of(total - hits, all - seen, total);
      if (from > high.f1) high = { f1: from, at: value };
    }
    last = value;
    seen += 1;
    hits += mark;
  }
  return [
    { rule: `${name} >= ${String(high.at)}`, f1: high.f1 },
    { rule: `${name} <= ${String(low.at)}`, f1: low.f1 },
  ];
}

function valueSet(name: string, rows: readonly OrderRow[], marks: Int8Array, total: number): SingleRule {
  const values = new Map<string, { hits: number; all: number }>();
  for (const [index, row] of rows.entries()) {
    const mark = marks[index] ?? -1;
    if (mark < 0) continue;
    const key = row.texts[name] ?? '';
    const counts = values.get(key) ?? { hits: 0, all: 0 };
    counts.all += 1;
    counts.hits += mark;
    values.set(key, counts);
  }
  // The best set for F1 holds the values of highest precision.
  const sorted = [...values].sort(([, a], [, b]) => b.hits / b.all - a.hits / a.all);
  let hits = 0;
  let all = 0;
  let best = 0;
  let size = 0;
  for (const [index, [, counts]] of sorted.entries()) {
    hits += counts.hits;
    all += counts.all;
    const f1 = f1Of(hits, all, total);
    if (f1 > best) [best, size] = [f1, index + 1];
  }
  return { rule: `${name} in {${sorted.slice(0, Math.min(size, 5)).map(([value]) => value).join(', ')}}`, f1: best };
}

function f1Of(hits: number, chosen: number, total: number): number {
  return chosen + total === 0 ? 0 : (2 * hits) / (chosen + total);
}
