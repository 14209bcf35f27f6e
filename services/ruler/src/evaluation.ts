import { metricKey, type AlertEvent } from '@millrace/contracts';
import { expecting, withWallClock } from './absence.js';
import { alertEventOf, windowEvidence } from './alert.js';
import { isSystemRule, ruleMatches, shapeOf, type Rule } from './rule.js';
import type { JudgedWindow } from './sample.js';
import { afterWatermark, afterWindow, nextDue, seriesOf } from './series-reader.js';
import { emptyState, type Advance, type SeriesState } from './series-state.js';

/** Names what a rule remembers of one series. */
export interface SeriesId {
  readonly rule: string;
  readonly metricKey: string;
}

export interface StoredSeries extends SeriesId {
  readonly metric: string;
  readonly state: SeriesState;
  /** Watermark, ms, at which it is to be looked at although none of its windows came; null: never. */
  readonly dueAt: number | null;
}

/** What is needed from the store: series by id, all of these rules, and those of these metrics that are due at these watermarks. */
export interface Needs {
  readonly ids: readonly SeriesId[];
  /** Names. */
  readonly rules: readonly string[];
  /** Highest watermark of each metric in the batch. */
  readonly watermarks: ReadonlyMap<string, number>;
}

export interface Outcome {
  readonly changed: readonly StoredSeries[];
  /** To publish, in order. */
  readonly alerts: readonly { readonly event: AlertEvent; readonly metricKey: string }[];
}

export interface Setting {
  readonly lane: string;
  /** Wall clock, ms. {@link evaluate} only writes it into the events, {@link evaluateClock} compares. */
  readonly now: number;
}

interface Entry extends StoredSeries {
  readonly compiled: Rule;
}

/** What must be read before {@link evaluate}. */
export function needsOf(rules: readonly Rule[], windows: readonly JudgedWindow[]): Needs {
  const ids = new Map<string, SeriesId>();
  const watermarks = new Map<string, number>();
  for (const window of windows) {
    for (const rule of rules) {
      if (!ruleMatches(rule, window)) continue;
      const { metricKey: series } = seriesOf(rule, window);
      ids.set(keyOf(rule.name, series), { rule: rule.name, metricKey: series });
    }
    if (window.watermark !== null) watermarks.set(window.metric, Math.max(window.watermark, watermarks.get(window.metric) ?? window.watermark));
  }
  return { ids: [...ids.values()], rules: [], watermarks };
}

/** Whether {@link evaluateClock} may change what the rule says. */
export function heedsClock({ condition }: Rule): boolean {
  return condition.kind === 'absence';
}

/** What must be read before {@link evaluateClock}. */
export function clockNeedsOf(rules: readonly Rule[]): Needs {
  return { ids: [], rules: rules.filter(heedsClock).map(({ name }) => name), watermarks: new Map() };
}

/** What must be read before {@link evaluate} of a look at the system: every series of the rules about it, also those that are gone now. */
export function systemNeedsOf(rules: readonly Rule[]): Needs {
  return { ids: [], rules: rules.filter(isSystemRule).map(({ name }) => name), watermarks: new Map() };
}

/**
 * Decides what a batch of windows changes. A function of its arguments: the same windows over the same stored series give the same alerts;
 * windows whose revision is known already change nothing.
 */
export function evaluate(rules: readonly Rule[], stored: readonly StoredSeries[], windows: readonly JudgedWindow[], setting: Setting): Outcome {
  const evaluation = new Evaluation(rules, stored, setting);
  for (const run of runsOf(windows)) evaluation.take(run);
  return evaluation.outcome();
}

/** Decides what the wall clock alone changes: what is absent although no window comes that could tell. A function of its arguments. */
export function evaluateClock(rules: readonly Rule[], stored: readonly StoredSeries[], setting: Setting): Outcome {
  const evaluation = new Evaluation(rules, stored, setting);
  evaluation.takeClock();
  return evaluation.outcome();
}

class Evaluation {
  readonly #entries = new Map<string, Entry>();
  readonly #changed = new Set<string>();
  readonly #alerts: { event: AlertEvent; metricKey: string }[] = [];

  constructor(
    private readonly rules: readonly Rule[],
    stored: readonly StoredSeries[],
    private readonly setting: Setting,
  ) {
    const byName = new Map(rules.map((rule) => [rule.name, rule]));
    for (const series of stored) {
      const compiled = byName.get(series.rule);
      // A series that was read in another way would be judged wrongly: it begins anew.
      if (compiled !== undefined && series.state.shape === shapeOf(compiled)) this.#entries.set(keyOf(series.rule, series.metricKey), { ...series, compiled });
    }
  }

  /** Windows of one computation: first all of them, then what their watermark says about the series that sent none. */
  take(run: readonly JudgedWindow[]): void {
    for (const window of run) {
      for (const rule of this.rules) {
        if (ruleMatches(rule, window)) this.#takeWindow(rule, window);
      }
    }
    for (const [metric, watermark] of needsOf([], run).watermarks) {
      for (const entry of [...this.#entries.values()]) {
        if (entry.metric !== metric || entry.dueAt === null || entry.dueAt > watermark) continue;
        this.#apply(entry, afterWatermark(entry.compiled, entry.state, watermark));
      }
    }
  }

  outcome(): Outcome {
    const changed = [...this.#changed].flatMap((key) => this.#entries.get(key) ?? []);
    return { changed: changed.map(({ rule, metricKey, metric, state, dueAt: due }) => ({ rule, metricKey, metric, state, dueAt: due })), alerts: this.#alerts };
  }

  takeClock(): void {
    const { now } = this.setting;
    for (const rule of this.rules) {
      for (const dimensions of rule.condition.kind === 'absence' ? rule.condition.expected : []) {
        const entry = this.#entryOf(rule, { metricKey: metricKey(rule.metric, dimensions), dimensions });
        if (entry.state.samples.length === 0 && entry.state.attendance === undefined) this.#apply(entry, expecting(entry.state, now));
      }
    }
    for (const entry of [...this.#entries.values()]) this.#apply(entry, withWallClock(entry.compiled, entry.state, now));
  }

  #takeWindow(rule: Rule, window: JudgedWindow): void {
    const entry = this.#entryOf(rule, seriesOf(rule, window));
    this.#apply(entry, afterWindow(rule, entry.state, window));
  }

  #entryOf(rule: Rule, { metricKey: key, dimensions }: Pick<JudgedWindow, 'metricKey' | 'dimensions'>): Entry {
    const known = this.#entries.get(keyOf(rule.name, key));
    return known ?? { rule: rule.name, metricKey: key, metric: rule.metric, state: emptyState(rule, dimensions), dueAt: null, compiled: rule };
  }

  #apply(entry: Entry, advance: Advance | null): void {
    if (advance === null) return;
    const key = keyOf(entry.rule, entry.metricKey);
    this.#entries.set(key, { ...entry, state: advance.state, dueAt: nextDue(entry.compiled, advance.state) });
    this.#changed.add(key);
    const origin = { lane: this.setting.lane, dimensions: advance.state.dimensions };
    for (const transition of advance.transitions) {
      const shown = { ...transition, evidence: windowEvidence(entry.compiled, entry.metricKey, transition) };
      this.#alerts.push({ event: alertEventOf(entry.compiled, origin, shown, this.setting.now), metricKey: entry.metricKey });
    }
  }
}

function keyOf(rule: string, metricKey: string): string {
  return `${rule}\n${metricKey}`;
}

/** Groups windows by the watermark they were computed at, each group in event time: Spark writes the windows of one batch in any order. */
function runsOf(windows: readonly JudgedWindow[]): JudgedWindow[][] {
  const time = (window: JudgedWindow): number => window.watermark ?? Number.NEGATIVE_INFINITY;
  const sorted = [...windows].sort((left, right) => {
    if (time(left) !== time(right)) return time(left) < time(right) ? -1 : 1;
    return left.windowStart - right.windowStart || left.revision - right.revision;
  });
  const runs: JudgedWindow[][] = [];
  for (const window of sorted) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && time(run[0]) === time(window)) run.push(window);
    else runs.push([window]);
  }
  return runs;
}
