import type { Comparison, Rule, SpikeCondition } from './rule.js';
import type { Sample } from './sample.js';

/** What one window says about an alert, with the value and the limit it was compared with. */
export interface Verdict {
  readonly holds: 'yes' | 'no' | 'unknown';
  readonly value: number | null;
  readonly threshold: number | null;
}

/** Where a judgement happens: the samples of the series in time order, the one judged, and what the alert is about. */
export interface Place {
  readonly samples: readonly Sample[];
  readonly index: number;
  /** Product of a ranking; empty: the series itself. */
  readonly subject: string;
  readonly labels: Readonly<Record<string, string>>;
}

const UNKNOWN: Verdict = { holds: 'unknown', value: null, threshold: null };

/** Judges one window. `firing`: the limits for clearing apply. */
export function judge(rule: Rule, place: Place, firing: boolean): Verdict {
  const sample = place.samples[place.index];
  if (sample === undefined || (rule.decide === 'complete' && !sample.complete)) return UNKNOWN;
  const raw = bare(rule, place, sample, firing);
  const verdict = raw.holds === 'yes' && !allowed(rule, place, sample, raw) ? { ...raw, holds: 'no' as const } : raw;
  return rule.decide === 'early' && !sample.complete && verdict.holds === 'no' ? { ...verdict, holds: 'unknown' } : verdict;
}

function allowed(rule: Rule, place: Place, sample: Sample, verdict: Verdict): boolean {
  return rule.when === null || verdict.value === null || rule.when.holds({ value: verdict.value, count: sample.count, labels: place.labels });
}

function bare(rule: Rule, place: Place, sample: Sample, firing: boolean): Verdict {
  const { condition } = rule;
  switch (condition.kind) {
    case 'threshold': {
      const threshold = firing ? condition.clear : condition.value;
      // A window in which nothing happened and that therefore has no value is no reason to go on firing.
      const holds = sample.value !== null && compare(sample.value, condition.comparison, threshold);
      return { holds: holds ? 'yes' : 'no', value: sample.value, threshold };
    }
    case 'spike':
      return spike(condition, rule, place, firing);
    case 'shortage': {
      const level = sample.items[place.subject];
      if (level === undefined) return { ...UNKNOWN, holds: sample.itemsComplete ? 'no' : 'unknown' };
      return { holds: condition.products?.has(place.subject) === false ? 'no' : 'yes', value: level, threshold: null };
    }
  }
}

function compare(value: number, comparison: Comparison, threshold: number): boolean {
  switch (comparison) {
    case '>':
      return value > threshold;
    case '>=':
      return value >= threshold;
    case '<':
      return value < threshold;
    case '<=':
      return value <= threshold;
  }
}

function spike(condition: SpikeCondition, rule: Rule, place: Place, firing: boolean): Verdict {
  const value = place.samples[place.index]?.value ?? null;
  if (value === null) return { holds: 'no', value, threshold: null };
  const baseline = baselineOf(condition, rule, place);
  if (baseline === null) return { ...UNKNOWN, value };
  const { mean } = baseline;
  const by = firing ? condition.clear : condition.by;
  const { low, high } = limitsOf(condition.measure, by, baseline);
  const far = firing || Math.abs(value - mean) >= condition.minChange;
  const up = condition.direction !== 'down' && value > high;
  const down = condition.direction !== 'up' && value < low;
  const upward = condition.direction === 'up' || (condition.direction === 'both' && value >= mean);
  return { holds: far && (up || down) ? 'yes' : 'no', value, threshold: upward ? high : low };
}

interface Baseline {
  readonly mean: number;
  readonly deviation: number;
}

function limitsOf(measure: SpikeCondition['measure'], by: number, { mean, deviation }: Baseline): { readonly low: number; readonly high: number } {
  return measure === 'ratio' ? { low: mean / by, high: mean * by } : { low: mean - by * deviation, high: mean + by * deviation };
}

/** Mean and deviation of the complete windows before; null where they are too few, or too small. */
function baselineOf(condition: SpikeCondition, rule: Rule, place: Place): Baseline | null {
  const settled = rule.nature === 'level';
  const before = place.samples
    .slice(0, place.index)
    .flatMap(({ complete, value }) => (value !== null && (complete || settled) ? [value] : []))
    .slice(-condition.baseline);
  if (before.length < condition.minSamples) return null;
  const mean = before.reduce((sum, value) => sum + value, 0) / before.length;
  if (Math.abs(mean) < condition.minBaseline) return null;
  return { mean, deviation: Math.sqrt(before.reduce((sum, value) => sum + (value - mean) ** 2, 0) / before.length) };
}
