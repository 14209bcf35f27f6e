import type { Rule, SpikeCondition } from './rule.js';
import { outside, UNKNOWN, type Place, type Verdict } from './verdict.js';

/** Judges a window by mean and deviation of the windows before it. */
export function judgeSpike(condition: SpikeCondition, rule: Pick<Rule, 'nature'>, place: Place, firing: boolean): Verdict {
  const value = place.samples[place.index]?.value ?? null;
  if (value === null) return { holds: 'no', value, threshold: null };
  const baseline = baselineOf(condition, rule, place);
  if (baseline === null) return { ...UNKNOWN, value };
  const verdict = outside({ value: baseline.mean, ...limitsOf(condition.measure, firing ? condition.clear : condition.by, baseline) }, condition.direction, value);
  const far = firing || Math.abs(value - baseline.mean) >= condition.minChange;
  return far ? verdict : { ...verdict, holds: 'no' };
}

interface Baseline {
  readonly mean: number;
  readonly deviation: number;
}

function limitsOf(measure: SpikeCondition['measure'], by: number, { mean, deviation }: Baseline): { readonly low: number; readonly high: number } {
  return measure === 'ratio' ? { low: mean / by, high: mean * by } : { low: mean - by * deviation, high: mean + by * deviation };
}

/** Mean and deviation of the complete windows before; null where they are too few, or too small. */
function baselineOf(condition: SpikeCondition, rule: Pick<Rule, 'nature'>, place: Place): Baseline | null {
  const settled = rule.nature === 'level';
  const before: number[] = [];
  for (let index = place.index - 1; index >= 0 && before.length < condition.baseline; index -= 1) {
    const sample = place.samples[index];
    if (sample !== undefined && sample.value !== null && (sample.complete || settled)) before.push(sample.value);
  }
  if (before.length < condition.minSamples) return null;
  const mean = meanOf(before, (value) => value);
  if (Math.abs(mean) < condition.minBaseline) return null;
  return { mean, deviation: Math.sqrt(meanOf(before, (value) => (value - mean) ** 2)) };
}

function meanOf(values: readonly number[], of: (value: number) => number): number {
  let sum = 0;
  for (const value of values) sum += of(value);
  return sum / values.length;
}
