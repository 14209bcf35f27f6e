import { reconcile, REMEMBERED, type Announced, type Transition } from '../announcement.js';
import type { Decision, Episode as AnyEpisode } from '../episodes.js';
import type { OrderRule } from './order-rule.js';

type Limits = Pick<OrderRule, 'atLeast' | 'withinMs'>;

/** A stretch of event time in which enough orders lie within the rule's time, its end excluded. */
export interface Stretch {
  readonly startsAt: number;
  readonly endsAt: number;
}

/** A stretch as it is compared with what was announced. */
interface Episode extends AnyEpisode, Stretch {}

/** What a look at one group of orders comes to. */
export interface Decided {
  readonly transitions: readonly Transition[];
  readonly announced: readonly Announced[];
  /** When the alert that fires ends if no other order comes; null: none does. */
  readonly endsAt: number | null;
  /** An alert should fire and does not: too many do. */
  readonly heldBack: boolean;
}

/** Every stretch, in order. A function of the times alone. @param times of the matching orders, ascending, ms */
export function stretchesOf(times: readonly number[], { atLeast, withinMs }: Limits): Stretch[] {
  const stretches: Stretch[] = [];
  for (let index = atLeast - 1; index < times.length; index += 1) {
    const [at, first] = [times[index] ?? 0, times[index - atLeast + 1] ?? 0];
    const endsAt = first + withinMs;
    if (at >= endsAt) continue;
    const last = stretches.at(-1);
    if (last !== undefined && at <= last.endsAt) stretches[stretches.length - 1] = { ...last, endsAt };
    else stretches.push({ startsAt: at, endsAt });
  }
  return stretches;
}

/** What the rule knows of a group of orders. */
export interface GroupLook {
  /** Of the matching orders, ascending, ms. */
  readonly times: readonly number[];
  readonly announced: readonly Announced[];
  /** Event time up to which everything is read; null: unknown, and nothing ends by time. */
  readonly eventTime: number | null;
  /** Event time of the order that caused the look, ms: ends an alert that a correction has erased. */
  readonly trigger: number;
  /** Whether one more alert of the rule may fire. */
  readonly mayFire: boolean;
}

/** Compares what was announced of a group with what its orders say now. */
export function decideGroup(rule: Limits, { times, announced, eventTime, trigger, mayFire }: GroupLook): Decided {
  const decision = (at: number): Decision => ({ at, value: countAt(times, rule, at), threshold: rule.atLeast, samples: [] });
  // An end that was announced by the wall clock stays one, although the scores are not there yet.
  const isOver = ({ endsAt }: Stretch): boolean => (eventTime !== null && endsAt <= eventTime) || announced.some((alert) => alert.endsAt !== null && alert.endsAt >= endsAt);
  const forgotten = announced.length < REMEMBERED ? Number.NEGATIVE_INFINITY : Math.min(...announced.map(({ startsAt }) => startsAt));
  const all = stretchesOf(times, rule)
    .filter(({ startsAt }) => startsAt >= forgotten)
    .map((stretch): Episode => ({ startsAt: stretch.startsAt, began: decision(stretch.startsAt), ended: isOver(stretch) ? decision(stretch.endsAt) : null, endsAt: stretch.endsAt }));
  const heldBack = !mayFire && !hasOpen(announced) && all.some(({ ended }) => ended === null);
  const episodes = heldBack ? all.filter(({ ended }) => ended !== null) : all;
  // The alert that fires ends with its own stretch, also where the next one is known already.
  const known = throughOpen(announced, episodes);
  const first = reconcile(announced, known, decision(trigger));
  const rest = episodes.slice(known.length);
  const last = rest.length === 0 ? { transitions: [], announced: first.announced } : reconcile(first.announced, rest, decision(trigger));
  return {
    transitions: [...first.transitions, ...last.transitions],
    announced: last.announced,
    endsAt: hasOpen(last.announced) ? (episodes.at(-1)?.endsAt ?? null) : null,
    heldBack,
  };
}

/** The episodes up to the one in which the alert fires; all, where it is in none that is over. */
function throughOpen(announced: readonly Announced[], episodes: readonly Episode[]): readonly Episode[] {
  const open = announced.find(({ endsAt }) => endsAt === null);
  const at = episodes.findIndex(({ startsAt, ended }) => open !== undefined && ended !== null && startsAt <= open.startsAt && open.startsAt < ended.at);
  return at < 0 ? episodes : episodes.slice(0, at + 1);
}

function hasOpen(announced: readonly Announced[]): boolean {
  return announced.some(({ endsAt }) => endsAt === null);
}

/** Orders in the rule's time before `at`, that moment included. */
function countAt(times: readonly number[], { withinMs }: Limits, at: number): number {
  return times.filter((time) => time > at - withinMs && time <= at).length;
}
