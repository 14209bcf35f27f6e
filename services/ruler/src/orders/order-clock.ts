import type { OrderRule } from './order-rule.js';
import type { OrderScore } from './order-score.js';

/** How late a score may come, in event time. The scoring job scores an order again for ten minutes. */
const LATENESS_MS = 900_000;

/** How much older than the newest of its partition an order may be and still count, ms. */
export function reachOf({ withinMs }: Pick<OrderRule, 'withinMs'>): number {
  return withinMs + LATENESS_MS;
}

/** A score, and how much older its order is than the newest that its partition had brought by then, ms. */
export interface AgedScore extends OrderScore {
  readonly age: number;
}

/** The scores of a partition, in its order, with their ages; and the newest event time after them. @param before newest event time before them */
export function aged(scores: readonly OrderScore[], before: number): { readonly scores: readonly AgedScore[]; readonly newest: number } {
  let newest = before;
  const withAge = scores.map((score): AgedScore => {
    newest = Math.max(newest, score.at);
    return { ...score, age: newest - score.at };
  });
  return { scores: withAge, newest };
}

/**
 * Event time up to which all scores are read, ms: the newest of the slowest partition. Null while a partition that has records is not read yet.
 * @param newest by partition, as far as read
 * @param expected partitions that have records
 */
export function eventTimeOf(newest: ReadonlyMap<number, number>, expected: Iterable<number>): number | null {
  if (newest.size === 0 || [...expected].some((partition) => !newest.has(partition))) return null;
  return Math.min(...newest.values());
}
