import type { AlertEvent } from '@millrace/contracts';
import type { Transition } from '../announcement.js';
import { alertEventOf } from '../alert.js';
import type { Outcome, Setting } from '../evaluation.js';
import { reachOf, type AgedScore } from './order-clock.js';
import { decideGroup } from './order-episodes.js';
import { groupOf, type OrderRule } from './order-rule.js';
import type { CountedOrder, DecidedGroup, EvidenceWanted, GroupId, KnownOrder, StoredGroup } from './order-store.js';

const NO_SUBJECT = '';

/**
 * What the scores change in what the rules count. Only matching orders are kept, and what becomes of them: of one order the highest revision
 * counts, of equal ones the first.
 * What is too old for a rule may be forgotten already, and changes nothing.
 * @param latest one score of an order
 */
export function countedOf(rules: readonly OrderRule[], latest: readonly AgedScore[], known: readonly KnownOrder[]): CountedOrder[] {
  const before = new Map(known.map((order) => [`${order.rule}\n${order.orderId}`, order]));
  return rules.flatMap((rule) => latest.flatMap((order): CountedOrder[] => {
    const held = before.get(`${rule.name}\n${order.orderId}`);
    if (order.age >= reachOf(rule) || (held !== undefined && held.revision >= order.revision)) return [];
    const isMatch = rule.when.holds(order.input);
    return isMatch || held !== undefined ? [{ rule, group: groupOf(rule, order), isMatch, order }] : [];
  }));
}

/** Groups to look at because of these orders, also those that they have left. Of each the newest event time among the orders, ms. */
export function touchedBy(counted: readonly CountedOrder[], known: readonly KnownOrder[]): ReadonlyMap<string, GroupId & { readonly at: number }> {
  const before = new Map(known.map((order) => [`${order.rule}\n${order.orderId}`, order.key]));
  const touched = new Map<string, GroupId & { readonly at: number }>();
  for (const { rule: { name }, group, order } of counted) {
    for (const key of [group.key, before.get(`${name}\n${order.orderId}`) ?? group.key]) {
      const id = `${name}\n${key}`;
      touched.set(id, { rule: name, key, at: Math.max(order.at, touched.get(id)?.at ?? order.at) });
    }
  }
  return touched;
}

/** A change to announce, and where to find the orders behind it. */
export interface GroupTransition {
  readonly rule: OrderRule;
  readonly group: StoredGroup;
  readonly transition: Transition;
  readonly wanted: EvidenceWanted;
}

export interface GroupsDecided {
  readonly groups: readonly DecidedGroup[];
  readonly transitions: readonly GroupTransition[];
  /** Alerts that do not fire because too many do, by rule. */
  readonly heldBack: ReadonlyMap<string, number>;
}

interface GroupsLook {
  readonly touched: ReadonlyMap<string, { readonly at: number }>;
  readonly eventTime: number | null;
  /** Alerts that fire, by rule. */
  readonly firing: ReadonlyMap<string, number>;
}

/** Decides group by group; those that came first fire first where not all may. */
export function decideGroups(rules: readonly OrderRule[], stored: readonly StoredGroup[], { touched, eventTime, firing }: GroupsLook): GroupsDecided {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const counts = new Map(firing);
  const heldBack = new Map<string, number>();
  const groups: DecidedGroup[] = [];
  const transitions: GroupTransition[] = [];
  for (const group of stored.toSorted((left, right) => (left.times[0] ?? 0) - (right.times[0] ?? 0) || (left.key < right.key ? -1 : 1))) {
    const rule = byName.get(group.rule);
    if (rule === undefined) continue;
    const count = counts.get(rule.name) ?? 0;
    const trigger = touched.get(`${group.rule}\n${group.key}`)?.at ?? eventTime ?? 0;
    const decided = decideGroup(rule, { ...group, eventTime, trigger, mayFire: count < rule.maxFiring });
    if (decided.heldBack) heldBack.set(rule.name, (heldBack.get(rule.name) ?? 0) + 1);
    counts.set(rule.name, count + Number(isOpen(decided.announced)) - Number(isOpen(group.announced)));
    groups.push({ rule: group.rule, key: group.key, announced: decided.announced, endsAt: decided.endsAt });
    transitions.push(...decided.transitions.map((transition) => ({ rule, group, transition, wanted: wantedOf(rule, group, transition) })));
  }
  return { groups, transitions, heldBack };
}

function isOpen(announced: StoredGroup['announced']): boolean {
  return announced.some(({ endsAt }) => endsAt === null);
}

/** The orders that made it fire; at its end also those that have just left, or were corrected. */
function wantedOf({ withinMs }: OrderRule, { rule, key }: GroupId, { status, decision: { at } }: Transition): EvidenceWanted {
  const ended = status === 'RESOLVED';
  return { rule, key, after: at - withinMs - Number(ended), until: at, withCorrected: ended };
}

/** The alert events of the transitions, each with its orders. */
export function orderAlerts(transitions: readonly GroupTransition[], evidence: readonly AlertEvent['evidence'][], { lane, now }: Setting): Outcome['alerts'] {
  return transitions.map(({ rule, group, transition }, index) => {
    const shown = evidence[index] ?? [];
    const { value, threshold } = transition.decision;
    // Of one order the score says more than that it is one.
    const of = rule.by.includes('order') ? { value: shown.at(-1)?.value ?? null, threshold: null } : { value, threshold };
    const told = { ...transition, subject: NO_SUBJECT, evidence: shown, decision: { ...transition.decision, ...of } };
    return { event: alertEventOf(rule, { lane, dimensions: group.dimensions }, told, now), metricKey: group.key };
  });
}
