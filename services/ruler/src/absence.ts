import type { MetricWindow } from '@millrace/contracts';
import { reconcile } from './announcement.js';
import { CALM, type Decision, type Episode } from './episodes.js';
import type { Rule } from './rule.js';
import type { Sample } from './sample.js';
import { SELF, type Advance, type SeriesState } from './series-state.js';

/** What an absence rule knows about a series beside its last window with events. */
export interface Attendance {
  /** Wall clock, ms, of the newest computation that had events; null: none had. */
  readonly seenAt: number | null;
  /** Wall clock, ms, at which the rule began to expect a series that it had not seen; null: it had. */
  readonly since: number | null;
}

/** Begins to expect a series that never had a window. */
export function expecting(state: SeriesState, now: number): Advance {
  return { state: { ...state, attendance: { seenAt: null, since: now } }, transitions: [] };
}

/**
 * Takes a window in, computed at `watermark`: a newer one with events ends an absence, also one that nobody was told of because the
 * windows before and after it came together. Null: it changes nothing.
 */
export function withEvents(rule: Rule, state: SeriesState, sample: Sample, { computedAt, watermark }: Pick<MetricWindow, 'computedAt' | 'watermark'>): Advance | null {
  if (sample.count === 0) return null;
  const [last] = state.samples;
  const { seenAt = null, since = null } = state.attendance ?? {};
  const attendance: Attendance = { since, seenAt: Math.max(computedAt, seenAt ?? computedAt) };
  // A correction of the past says that somebody computes, not that the silence is over.
  if (last !== undefined && sample.start <= last.start) {
    return attendance.seenAt === seenAt ? null : { state: { ...state, attendance }, transitions: [] };
  }
  const ended = { at: sample.end, value: sample.value, threshold: null, samples: evidence(rule, [sample]) };
  const due = absenceDueAt(rule, state);
  const over = due !== null && watermark !== null && due <= Math.min(watermark, sample.start);
  return announce({ ...state, samples: [sample], attendance }, over ? [{ ...episodeOf(rule, state), ended }] : [], ended);
}

/** Takes note that event time has come to `watermark`. Null: it changes nothing. */
export function withEventTime(rule: Rule, state: SeriesState, watermark: number): Advance | null {
  const due = absenceDueAt(rule, state);
  return due === null || due > watermark ? null : absent(rule, state);
}

/**
 * Takes note that it is `now`. Counts from the computation of the last events rather than from their event time, so that data of the past
 * are no silence while they come. Null: it changes nothing.
 */
export function withWallClock(rule: Rule, state: SeriesState, now: number): Advance | null {
  const [last] = state.samples;
  const { seenAt, since } = state.attendance ?? { seenAt: null, since: null };
  const from = last === undefined ? since : Math.max(last.end, seenAt ?? last.end);
  return from === null || isAbsent(state) || now < from + rule.hold.ms ? null : absent(rule, state);
}

/** The watermark at which {@link withEventTime} will change something; null: at none. Waits a window more, for what is on its way. */
export function absenceDueAt(rule: Rule, state: SeriesState): number | null {
  const [last] = state.samples;
  return last === undefined || isAbsent(state) ? null : last.end + rule.hold.ms + (last.end - last.start);
}

function absent(rule: Rule, state: SeriesState): Advance {
  const episode = episodeOf(rule, state);
  return announce(state, [episode], episode.began);
}

function episodeOf(rule: Rule, state: SeriesState): Episode & { readonly began: Decision } {
  const startsAt = (state.samples[0]?.end ?? state.attendance?.since ?? 0) + rule.hold.ms;
  return { startsAt, began: { at: startsAt, value: 0, threshold: null, samples: evidence(rule, state.samples) }, ended: null };
}

function isAbsent(state: SeriesState): boolean {
  return state.subjects[SELF]?.announced.some(({ endsAt }) => endsAt === null) === true;
}

function announce(state: SeriesState, episodes: readonly Episode[], trigger: Decision): Advance {
  const { transitions, announced } = reconcile(state.subjects[SELF]?.announced ?? [], episodes, trigger);
  return {
    state: { ...state, subjects: { [SELF]: { before: CALM, announced } } },
    transitions: transitions.map((transition) => ({ ...transition, subject: SELF })),
  };
}

/** Windows of many series are no evidence about one. */
function evidence({ condition }: Rule, samples: readonly Sample[]): readonly Sample[] {
  return condition.kind === 'absence' && condition.scope === 'metric' ? [] : samples;
}
