import { metricKey } from '@millrace/contracts';
import { absenceDueAt, withEvents, withEventTime } from './absence.js';
import type { Rule } from './rule.js';
import { sampleOf, type JudgedWindow } from './sample.js';
import { dueAt, withSample, withWatermark, type Advance, type SeriesState } from './series-state.js';

/** The series that a window belongs to, as the rule sees it: its own, or the whole metric. */
export function seriesOf({ condition, metric }: Rule, window: JudgedWindow): Pick<JudgedWindow, 'metricKey' | 'dimensions'> {
  return condition.kind === 'absence' && condition.scope === 'metric' ? { metricKey: metricKey(metric, {}), dimensions: {} } : window;
}

/** Takes a window in, as the rule's kind does. Null: it changes nothing. */
export function afterWindow(rule: Rule, state: SeriesState, window: JudgedWindow): Advance | null {
  const sample = sampleOf(window, rule.condition.kind === 'shortage');
  return rule.condition.kind === 'absence' ? withEvents(rule, state, sample, window) : withSample(rule, state, sample);
}

/** Takes note of event time, as the rule's kind does. Null: it changes nothing. */
export function afterWatermark(rule: Rule, state: SeriesState, watermark: number): Advance | null {
  return rule.condition.kind === 'absence' ? withEventTime(rule, state, watermark) : withWatermark(rule, state, watermark);
}

/** The watermark at which {@link afterWatermark} will change something; null: at none. */
export function nextDue(rule: Rule, state: SeriesState): number | null {
  return rule.condition.kind === 'absence' ? absenceDueAt(rule, state) : dueAt(rule, state);
}
