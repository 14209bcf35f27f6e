import type { Rule, SeasonalCondition } from './rule.js';
import { usualAt } from './season.js';
import { judgeSpike } from './spike.js';
import { outside, UNKNOWN, type Place, type Verdict } from './verdict.js';

/** Judges a window by what is usual at its time of the season; while too few seasons are known, as the rule says. */
export function judgeSeasonal(condition: SeasonalCondition, rule: Pick<Rule, 'nature'>, place: Place, firing: boolean): Verdict {
  const sample = place.samples[place.index];
  const value = sample?.value ?? null;
  if (sample === undefined || value === null) return { holds: 'no', value, threshold: null };
  const usual = place.season === null ? null : usualAt(condition, place.season, sample.start);
  if (usual === null || usual.seasons < condition.minSeasons) {
    return condition.fallback === null ? { ...UNKNOWN, value } : judgeSpike(condition.fallback, rule, place, firing);
  }
  if (Math.abs(usual.centre) < condition.minBaseline) return { ...UNKNOWN, value };
  const far = (firing ? condition.clear : condition.by) * usual.deviation;
  const verdict = outside({ value: usual.centre, low: usual.centre - far, high: usual.centre + far }, condition.direction, value);
  return firing || Math.abs(value - usual.centre) >= condition.minChange ? verdict : { ...verdict, holds: 'no' };
}
