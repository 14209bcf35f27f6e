import { judge } from './judge.js';
import type { Rule } from './rule.js';
import type { Sample } from './sample.js';
import { learn, type Season } from './season.js';
import type { Verdict } from './verdict.js';

/** Where an alert stands after a number of windows. */
export interface Phase {
  /** When it began to fire; null: it does not. */
  readonly startsAt: number | null;
  /** Windows in a row that held, while it does not fire yet. */
  readonly streak: number;
  /** End of the first of them. */
  readonly streakFrom: number | null;
}

export const CALM: Phase = { startsAt: null, streak: 0, streakFrom: null };

/** The samples that decided a change, and what was compared. */
export interface Decision extends Pick<Verdict, 'value' | 'threshold'> {
  /** Event time of the change: the end of the deciding window. */
  readonly at: number;
  readonly samples: readonly Sample[];
}

/** A stretch of time in which an alert fires. */
export interface Episode {
  readonly startsAt: number;
  /** Null: it began before the samples at hand, and was announced then. */
  readonly began: Decision | null;
  /** Null: it still fires. */
  readonly ended: Decision | null;
}

/** Most windows shown as evidence of one decision. */
const MAX_EVIDENCE = 10;

/** What a fold reads: every sample, and the first one that may still change its mind. */
export interface Fold {
  readonly rule: Rule;
  readonly samples: readonly Sample[];
  readonly from: number;
  readonly subject: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What was learnt from the samples before `from`; null: the rule has no season. */
  readonly season: Season | null;
}

/** What a fold comes to. */
export interface Folded {
  readonly episodes: readonly Episode[];
  readonly phase: Phase;
  readonly season: Season | null;
}

/**
 * Walks the samples in event time, up to `until`, and returns every stretch in which the alert fires. A function of the samples alone, not
 * of their arrival: each is judged by what those before it teach.
 */
export function episodesOf(fold: Fold, before: Phase, until = fold.samples.length): Folded {
  const { condition } = fold.rule;
  const episodes: Episode[] = [];
  let { season } = fold;
  let phase = before;
  let current: Episode | null = before.startsAt === null ? null : { startsAt: before.startsAt, began: null, ended: null };
  for (const [index, sample] of fold.samples.entries()) {
    if (index < fold.from || index >= until) continue;
    const { next, decision } = step({ ...fold, season }, index, phase);
    if (decision !== null && next.startsAt !== null) current = { startsAt: next.startsAt, began: decision, ended: null };
    if (decision !== null && next.startsAt === null && current !== null) {
      episodes.push({ ...current, ended: decision });
      current = null;
    }
    phase = next;
    if (season !== null && condition.kind === 'seasonal') season = learn(condition, season, sample);
  }
  if (current !== null) episodes.push(current);
  return { episodes, phase, season };
}

/** The phase after one more sample; `decision` when the alert begins or ends with it. */
function step(fold: Fold, index: number, phase: Phase): { readonly next: Phase; readonly decision: Decision | null } {
  const sample = fold.samples[index];
  if (sample === undefined) return { next: phase, decision: null };
  const verdict = judge(fold.rule, { samples: fold.samples, index, subject: fold.subject, labels: fold.labels, season: fold.season }, phase.startsAt !== null);
  const decide = (count: number): Decision => ({
    at: sample.end,
    value: verdict.value,
    threshold: verdict.threshold,
    samples: fold.samples.slice(Math.max(0, index + 1 - Math.min(count, MAX_EVIDENCE)), index + 1),
  });
  if (verdict.holds === 'unknown') return { next: phase, decision: null };
  if (phase.startsAt !== null) {
    return verdict.holds === 'yes' ? { next: phase, decision: null } : { next: CALM, decision: decide(1) };
  }
  if (verdict.holds === 'no') return { next: CALM, decision: null };
  const streak = phase.streak + 1;
  const streakFrom = phase.streakFrom ?? sample.end;
  const long = streak >= fold.rule.hold.windows && sample.end - streakFrom >= fold.rule.hold.ms;
  if (!long) return { next: { startsAt: null, streak, streakFrom }, decision: null };
  return { next: { startsAt: sample.end, streak: 0, streakFrom: null }, decision: decide(streak) };
}
