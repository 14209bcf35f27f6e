import { judgeRate } from './rate.js';
import type { Comparison, Rule } from './rule.js';
import type { Sample } from './sample.js';
import { judgeSeasonal } from './seasonal.js';
import { judgeSpike } from './spike.js';
import { UNKNOWN, type Place, type Verdict } from './verdict.js';

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
      return judgeSpike(condition, rule, place, firing);
    case 'rate':
      return judgeRate(condition, rule, place, firing);
    case 'seasonal':
      return judgeSeasonal(condition, rule, place, firing);
    // Judged by time, not by window.
    case 'absence':
      return UNKNOWN;
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
