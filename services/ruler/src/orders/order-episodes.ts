import { reconcile, type Announced, type Transition } from '../announcement.js';
import type { Episode } from '../episodes.js';
import type { OrderRule } from './order-rule.js';

type Limits = Pick<OrderRule, 'atLeast' | 'withinMs'>;

/** A stretch of event time in which enough orders lie within the rule's time, its end excluded. */
export interface Stretch {
  readonly startsAt: number;
  readonly endsAt: number;
}

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
  const decision = (at: number): Episode['began'] => ({ at, value: countAt(times, rule, at), threshold: rule.atLeast, samples: [] });
  // An end that was announced by the wall clock stays one, although the scores are not there yet.
  const isOver = ({ endsAt }: Stretch): boolean => (eventTime !== null && endsAt <= eventTime) || announced.some((alert) => alert.endsAt !== null && alert.endsAt >= endsAt);
  const all = stretchesOf(times, rule).map((stretch) => ({ stretch, over: isOver(stretch) }));
  const hasOpen = announced.some(({ endsAt }) => endsAt === null);
  const heldBack = !mayFire && !hasOpen && all.some(({ over }) => !over);
  const looked = heldBack ? all.filter(({ over }) => over) : all;
  const episodes = looked.map(({ stretch, over }): Episode => ({ startsAt: stretch.startsAt, began: decision(stretch.startsAt), ended: over ? decision(stretch.endsAt) : null }));
  const result = reconcile(announced, episodes, { at: trigger, value: countAt(times, rule, trigger), threshold: rule.atLeast, samples: [] });
  const fires = result.announced.some(({ endsAt }) => endsAt === null);
  return { ...result, heldBack, endsAt: fires ? (looked.at(-1)?.stretch.endsAt ?? null) : null };
}

/** Orders in the rule's time before `at`, that moment included. */
function countAt(times: readonly number[], { withinMs }: Limits, at: number): number {
  return times.filter((time) => time > at - withinMs && time <= at).length;
}
