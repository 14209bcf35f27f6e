import { systemMetrics, type WindowName } from '@millrace/contracts';
import type { CelCondition } from './cel-condition.js';

/** How a metric's value behaves while its window is open, which says when a window may be judged. */
export type MetricNature =
  /** Grows from zero; a window without events has none, and counts as zero. */
  | 'sum'
  /** May go either way until the window is complete; a window without events says nothing. */
  | 'mean'
  /** A state that holds until the next event: each revision is the truth of its moment. */
  | 'level';

/** When a window is judged. `early`: it may fire before it is complete, but clears only complete; `complete`; `each`: at every revision. */
export type Decide = 'early' | 'complete' | 'each';

export type Comparison = '>' | '>=' | '<' | '<=';

export interface ThresholdCondition {
  readonly kind: 'threshold';
  readonly comparison: Comparison;
  readonly value: number;
  /** While it fires, it goes on until the comparison with this fails: hysteresis. */
  readonly clear: number;
}

/** Which changes of a value matter. */
export type Direction = 'up' | 'down' | 'both';

export interface SpikeCondition {
  readonly kind: 'spike';
  readonly direction: Direction;
  /** Complete windows before the judged one. */
  readonly baseline: number;
  readonly minSamples: number;
  readonly minBaseline: number;
  readonly minChange: number;
  /** Limits: mean ± by·deviation, or mean·by and mean/by. */
  readonly measure: 'deviations' | 'ratio';
  readonly by: number;
  /** In place of `by` while it fires. */
  readonly clear: number;
}

/** Change against the value of some windows before. */
export interface RateCondition {
  readonly kind: 'rate';
  readonly direction: Direction;
  /** How many windows before. */
  readonly over: number;
  readonly measure: 'percent' | 'absolute';
  /** A change of more than this. */
  readonly by: number;
  /** In place of `by` while it fires. */
  readonly clear: number;
  /** A value before that is nearer to zero than this is not compared with. */
  readonly minBase: number;
}

/** Spike against what is usual at the same time of the day or week. */
export interface SeasonalCondition {
  readonly kind: 'seasonal';
  readonly direction: Direction;
  readonly periodMs: number;
  /** Windows that begin in the same slot of the period are held to be alike. */
  readonly slotMs: number;
  /** Whose clocks say where the period begins. */
  readonly timeZone: string;
  /** Earlier periods that must be known. */
  readonly minSeasons: number;
  readonly minBaseline: number;
  readonly minChange: number;
  /** Limits: usual value ± by·deviation. */
  readonly by: number;
  /** In place of `by` while it fires. */
  readonly clear: number;
  /** Judges while too few periods are known; null: nobody does. */
  readonly fallback: SpikeCondition | null;
}

/** No events for as long as the rule's `hold` says. */
export interface AbsenceCondition {
  readonly kind: 'absence';
  /** Each series for itself, or all of them together. */
  readonly scope: 'series' | 'metric';
  /** Dimensions of the series that are missed even where they never were. */
  readonly expected: readonly Readonly<Record<string, string>>[];
}

/** Products in the ranking of `low_stock`, each an alert of its own. */
export interface ShortageCondition {
  readonly kind: 'shortage';
  /** Only these; null: all. */
  readonly products: ReadonlySet<string> | null;
}

export type Condition = ThresholdCondition | SpikeCondition | RateCondition | SeasonalCondition | AbsenceCondition | ShortageCondition;

/** A rule after validation, with every default filled in. */
export interface Rule {
  readonly name: string;
  readonly metric: string;
  readonly window: WindowName;
  /** Exactly the dimensions of the series: allowed values, or null for any. */
  readonly match: ReadonlyMap<string, ReadonlySet<string> | null>;
  readonly condition: Condition;
  readonly when: CelCondition | null;
  /** How long it must hold before it fires. */
  readonly hold: { readonly windows: number; readonly ms: number };
  readonly decide: Decide;
  readonly nature: MetricNature;
  readonly severity: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const SYSTEM: ReadonlySet<string> = new Set(systemMetrics.map(({ name }) => name));
const LEVELS: ReadonlySet<string> = new Set(['stock_level', 'low_stock', ...SYSTEM]);
const MEANS: ReadonlySet<string> = new Set(['conversion_rate', 'cart_abandonment', 'average_order_value', 'stock_turnover', 'rating', 'top_products']);

export function natureOf(metric: string): MetricNature {
  if (LEVELS.has(metric)) return 'level';
  return MEANS.has(metric) ? 'mean' : 'sum';
}

/** Whether the rule is about the running system: its metric is what the ruler looks at itself. */
export function isSystemRule({ metric }: Pick<Rule, 'metric'>): boolean {
  return SYSTEM.has(metric);
}

/** Whether a lower value can make it fire: then a window without events can, too. */
export function firesDownward(condition: Condition): boolean {
  if (condition.kind === 'threshold') return condition.comparison === '<' || condition.comparison === '<=';
  return 'direction' in condition && condition.direction !== 'up';
}

/** Settled windows that a judgement looks back on. */
export function lookbackOf(condition: Condition): number {
  switch (condition.kind) {
    case 'spike':
      return condition.baseline;
    case 'rate':
      return condition.over;
    case 'seasonal':
      return condition.fallback?.baseline ?? 0;
    case 'threshold':
    case 'absence':
    case 'shortage':
      return 0;
  }
}

/** Whether the rule speaks of this series. */
export function ruleMatches(rule: Rule, series: { readonly metric: string; readonly window: string; readonly dimensions: Readonly<Record<string, string>> }): boolean {
  if (series.metric !== rule.metric || series.window !== rule.window) return false;
  const names = Object.keys(series.dimensions);
  if (names.length !== rule.match.size) return false;
  return names.every((name) => {
    const allowed = rule.match.get(name);
    return allowed === null || allowed?.has(series.dimensions[name] ?? '') === true;
  });
}

/** What the samples of a series are to this rule; samples of one shape are no use to a rule of another. */
export function shapeOf(rule: Rule): string {
  return `${rule.metric} ${rule.window} ${readingOf(rule.condition)}`;
}

function readingOf(condition: Condition): string {
  switch (condition.kind) {
    case 'shortage':
      return 'ranking';
    case 'absence':
      return `absence of ${condition.scope}`;
    case 'seasonal':
      return `value by ${condition.slotMs} of ${condition.periodMs} in ${condition.timeZone}`;
    case 'threshold':
    case 'spike':
    case 'rate':
      return 'value';
  }
}
