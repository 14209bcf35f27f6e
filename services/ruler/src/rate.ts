import { paceOf } from './pace.js';
import type { RateCondition, Rule } from './rule.js';
import { outside, UNKNOWN, type Place, type Verdict } from './verdict.js';

const DAY_MS = 86_400_000;
/** How much a day's start moves against 24 hours where the clocks change. */
const CLOCK_CHANGE_MS = 7_200_000;

/** Judges a window by its change against the window `over` windows before. */
export function judgeRate(condition: RateCondition, rule: Pick<Rule, 'nature' | 'window'>, place: Place, firing: boolean): Verdict {
  const value = place.samples[place.index]?.value ?? null;
  if (value === null) return { holds: 'no', value, threshold: null };
  const base = baseOf(condition, rule, place);
  if (base === 'unknown') return { ...UNKNOWN, value };
  if (base === null || Math.abs(base) < condition.minBase || (base === 0 && condition.measure === 'percent')) return { holds: 'no', value, threshold: null };
  const by = firing ? condition.clear : condition.by;
  const change = condition.measure === 'percent' ? (Math.abs(base) * by) / 100 : by;
  return outside({ value: base, low: base - change, high: base + change }, condition.direction, value);
}

/** The value compared with; null: its window had none; `unknown`: the windows do not reach back so far, or that one is not complete. */
function baseOf({ over }: RateCondition, { nature, window }: Pick<Rule, 'nature' | 'window'>, { samples, index }: Place): number | null | 'unknown' {
  const { slideMs } = paceOf(window);
  const tolerance = slideMs === undefined ? CLOCK_CHANGE_MS : 0;
  const at = (samples[index]?.start ?? 0) - over * (slideMs ?? DAY_MS);
  const before = samples.slice(0, index);
  if (nature === 'level') return before.findLast(({ start }) => start <= at)?.value ?? 'unknown';
  const base = before.find(({ start }) => Math.abs(start - at) <= tolerance);
  if (base !== undefined) return base.complete ? base.value : 'unknown';
  const reaches = before[0] !== undefined && before[0].start <= at;
  if (!reaches) return 'unknown';
  return nature === 'sum' ? 0 : null;
}
