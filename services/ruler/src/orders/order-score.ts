import type { FraudScore, SourceOffsets } from '@millrace/contracts';
import type { ConsumedEvent } from '@millrace/kafka';
import type { OrderInput } from '../cel-condition.js';

/** A score of an order, as far as rules need it. */
export interface OrderScore {
  readonly orderId: string;
  readonly customerId: string;
  /** Event time of the order, but never after it was scored, ms: a clock that runs ahead would end alerts too early. */
  readonly at: number;
  readonly revision: number;
  readonly score: number;
  /** The score's own record, and those that it rests on. */
  readonly offsets: readonly SourceOffsets[];
  readonly input: OrderInput;
}

/** Records shown behind one score. */
const MOST_OFFSETS = 50;

export function orderScoreOf({ event, topic, partition, offset }: Pick<ConsumedEvent<FraudScore>, 'event' | 'topic' | 'partition' | 'offset'>): OrderScore {
  const { orderId, customerId, revision, score, decision, rulesHit, degraded, features, totalMinor, currency } = event;
  return {
    orderId, customerId, revision, score,
    at: Math.min(event.occurredAt, event.scoredAt),
    offsets: [{ topic, partition, firstOffset: offset, lastOffset: offset }, ...event.evidence].slice(0, MOST_OFFSETS),
    input: {
      order: orderId, customer: customerId, score, decision, rulesHit, degraded, features,
      ...(totalMinor === null ? {} : { total: totalMinor }),
      ...(currency === null ? {} : { currency }),
    },
  };
}

/** Of each order the highest revision, of equal ones the first. */
export function latestOf<S extends OrderScore>(scores: readonly S[]): S[] {
  const latest = new Map<string, S>();
  for (const score of scores) {
    const known = latest.get(score.orderId);
    if (known === undefined || score.revision > known.revision) latest.set(score.orderId, score);
  }
  return [...latest.values()];
}
