import type { Decision, Episode } from './episodes.js';

/** An alert that was announced as firing, and when it was announced as resolved. */
export interface Announced {
  readonly startsAt: number;
  readonly endsAt: number | null;
  /** How often an alert with this start was announced before: a correction may bring one back. */
  readonly again: number;
}

/** A change to announce. */
export interface Transition extends Announced {
  readonly status: 'FIRING' | 'RESOLVED';
  readonly decision: Decision;
}

/** Announced alerts remembered per subject. */
export const REMEMBERED = 16;

/**
 * Compares what was announced with what the windows say now, and returns what is to announce, in order, and the new memory.
 * `trigger`: the sample that caused the look, which ends an alert that a correction has erased.
 */
export function reconcile(
  announced: readonly Announced[],
  episodes: readonly Episode[],
  trigger: Decision,
): { readonly transitions: readonly Transition[]; readonly announced: readonly Announced[] } {
  const transitions: Transition[] = [];
  let memory = [...announced];
  const fires = episodes.at(-1)?.ended === null;
  const resolve = (alert: Announced, decision: Decision): void => {
    const resolved = { ...alert, endsAt: Math.max(alert.startsAt, decision.at) };
    memory = memory.map((other) => (other === alert ? resolved : other));
    transitions.push({ ...resolved, status: 'RESOLVED', decision });
  };
  const fire = ({ startsAt, began }: Episode): Announced => {
    const alert = { startsAt, endsAt: null, again: memory.filter((other) => other.startsAt === startsAt).length };
    memory.push(alert);
    transitions.push({ ...alert, status: 'FIRING', decision: began ?? trigger });
    return alert;
  };

  const open = memory.find(({ endsAt }) => endsAt === null);
  if (open !== undefined && !fires) resolve(open, episodes.findLast(({ ended }) => ended !== null && ended.at >= open.startsAt)?.ended ?? trigger);
  for (const episode of episodes) {
    // While it fires, an older stretch that only a late window brought to light is no news.
    if (memory.some(({ endsAt }) => endsAt === null)) break;
    if (episode.ended === null) fire(episode);
    else if (episode.began !== null && !memory.some((alert) => overlaps(alert, episode))) resolve(fire(episode), episode.ended);
  }
  return { transitions, announced: memory.slice(-REMEMBERED) };
}

function overlaps(alert: Announced, { startsAt, ended }: Episode): boolean {
  return startsAt <= (alert.endsAt ?? Number.POSITIVE_INFINITY) && alert.startsAt <= (ended?.at ?? Number.POSITIVE_INFINITY);
}
