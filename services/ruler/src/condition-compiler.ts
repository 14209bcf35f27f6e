import { paceOf } from './pace.js';
import type { Condition, SpikeCondition } from './rule.js';
import type { RuleProblem } from './rule-problem.js';
import type { SeriesRuleText } from './rule-schema.js';

const DEFAULT_DEVIATIONS = 4;
/** Chosen with e2e/nab.data-spec.ts. */
const DEFAULT_SEASONAL_DEVIATIONS = 8;
/** An alert goes on until the value is well within its limits, or each swing would be one. */
const SEASONAL_CLEAR_PART = 4;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const DEFAULT_DAY_SLOT_MS = 900_000;
const DEFAULT_WEEK_SLOT_MS = 3_600_000;
const MOST_SLOTS = 1_440;
/** Windows that a rule looks back on while its season is not known. */
const RECENT = 60;

/** The condition of a rule with its defaults, for a shop in the time zone; what a schema cannot check goes to `problems`. */
export function conditionOf(text: SeriesRuleText, timeZone: string, problems: RuleProblem[]): Condition {
  switch (text.kind) {
    case 'threshold':
      return thresholdOf(text, problems);
    case 'spike':
      return spikeOf(text, problems);
    case 'rate':
      return rateOf(text, problems);
    case 'seasonal':
      return seasonalOf(text, timeZone, problems);
    case 'absence':
      return { kind: 'absence', scope: text.scope, expected: text.expected ? expectedOf(text, problems) : [] };
  }
}

function thresholdOf(text: Extract<SeriesRuleText, { kind: 'threshold' }>, problems: RuleProblem[]): Condition {
  const clear = text.clear ?? text.value;
  const upward = text.is.startsWith('>');
  if (upward ? clear > text.value : clear < text.value) {
    problems.push({ path: ['clear'], reason: `must be ${upward ? 'at most' : 'at least'} value (${text.value}), or it would clear before it fires` });
  }
  return { kind: 'threshold', comparison: text.is, value: text.value, clear };
}

function spikeOf(text: Extract<SeriesRuleText, { kind: 'spike' }>, problems: RuleProblem[]): Condition {
  if (text.deviations !== undefined && text.ratio !== undefined) problems.push({ path: ['ratio'], reason: 'give deviations or ratio, not both' });
  const minSamples = text.minSamples ?? Math.ceil(text.baseline / 2);
  if (minSamples > text.baseline) problems.push({ path: ['minSamples'], reason: `must be at most baseline (${text.baseline})` });
  const by = text.ratio ?? text.deviations ?? DEFAULT_DEVIATIONS;
  const clear = text.clear ?? by;
  if (clear > by) problems.push({ path: ['clear'], reason: `must be at most ${by}, or it would clear before it fires` });
  if (text.ratio !== undefined && clear <= 1) problems.push({ path: ['clear'], reason: 'must be more than 1, as ratio' });
  const { direction, baseline, minBaseline, minChange } = text;
  return { kind: 'spike', direction, baseline, minSamples, minBaseline, minChange, measure: text.ratio === undefined ? 'deviations' : 'ratio', by, clear };
}

function rateOf(text: Extract<SeriesRuleText, { kind: 'rate' }>, problems: RuleProblem[]): Condition {
  const { direction, over, percent, change, minBase } = text;
  if ((percent === undefined) === (change === undefined)) problems.push({ path: ['percent'], reason: 'give either percent or change' });
  if (text.window === '1mo') problems.push({ path: ['window'], reason: 'months are of different length and not compared' });
  const by = percent ?? change ?? 0;
  const clear = text.clear ?? by;
  if (clear > by) problems.push({ path: ['clear'], reason: `must be at most ${by}, or it would clear before it fires` });
  return { kind: 'rate', direction, over, measure: percent === undefined ? 'absolute' : 'percent', by, clear, minBase };
}

type SeasonalText = Extract<SeriesRuleText, { kind: 'seasonal' }>;

function seasonalOf(text: SeasonalText, timeZone: string, problems: RuleProblem[]): Condition {
  const { direction, season, minSeasons, minBaseline, minChange } = text;
  const periodMs = season === 'day' ? DAY_MS : WEEK_MS;
  const slotMs = slotOf(text, periodMs, problems);
  const by = text.deviations ?? DEFAULT_SEASONAL_DEVIATIONS;
  const clear = text.clear ?? by / SEASONAL_CLEAR_PART;
  if (clear > by) problems.push({ path: ['clear'], reason: `must be at most ${by}, or it would clear before it fires` });
  const recent: SpikeCondition = { kind: 'spike', direction, baseline: RECENT, minSamples: RECENT / 2, minBaseline, minChange, measure: 'deviations', by, clear };
  return { kind: 'seasonal', direction, periodMs, slotMs, timeZone, minSeasons, minBaseline, minChange, by, clear, fallback: text.fallback === 'recent' ? recent : null };
}

function slotOf({ window, season, slot }: SeasonalText, periodMs: number, problems: RuleProblem[]): number {
  const day = window === '1d';
  if (window === '1mo' || (day && season === 'day')) problems.push({ path: ['window'], reason: `is longer than a slot of a ${season}` });
  const windowMs = day ? DAY_MS : (paceOf(window).lengthMs ?? 0);
  const slotMs = slot ?? Math.max(windowMs, season === 'day' ? DEFAULT_DAY_SLOT_MS : DEFAULT_WEEK_SLOT_MS);
  if (slotMs < windowMs || DAY_MS % slotMs !== 0) problems.push({ path: ['slot'], reason: 'must be a whole part of a day and at least as long as the window' });
  if (periodMs / slotMs > MOST_SLOTS) problems.push({ path: ['slot'], reason: `a ${season} may have at most ${MOST_SLOTS} slots: all of them are stored with every window` });
  return slotMs;
}

/** The series that a rule names one by one. */
function expectedOf({ scope, match }: Extract<SeriesRuleText, { kind: 'absence' }>, problems: RuleProblem[]): Readonly<Record<string, string>>[] {
  if (scope === 'metric') return [{}];
  let series: Readonly<Record<string, string>>[] = [{}];
  for (const [name, allowed] of Object.entries(match)) {
    if (allowed === '*') problems.push({ path: ['expected'], reason: `match must name each ${name}: nobody knows which ones "*" is to be` });
    series = series.flatMap((dimensions) => [allowed].flat().map((value) => ({ ...dimensions, [name]: value })));
  }
  return series;
}
