import type { FraudScore } from '@millrace/contracts';
import type { ConsumedEvent } from '@millrace/kafka';

/** Decisions by which an order becomes a case. */
export const FLAGGED = ['REVIEW', 'DECLINE'] as const;
export type Decision = 'ALLOW' | (typeof FLAGGED)[number];

/** The score of an order that counts, without what only its record holds. Times in ms, money in minor units. */
export interface ScoredOrder {
  readonly orderId: string;
  readonly customerId: string;
  readonly score: number;
  readonly modelScore: number | null;
  readonly decision: Decision;
  readonly rulesHit: readonly string[];
  /** Of cases only. */
  readonly entityIds: readonly string[] | null;
  readonly totalMinor: number | null;
  readonly currency: string | null;
  readonly occurredAt: number;
  readonly scoredAt: number;
  /** When the first score that flagged the order was made; null where none did. */
  readonly flaggedAt: number | null;
  readonly revision: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly degraded: boolean;
  readonly partition: number;
  readonly offset: number;
  /** Not stored with the order: counted for drift. */
  readonly features: Readonly<Record<string, number | null>>;
}

/** PostgreSQL stores every character but this one. */
const NUL = '\u0000';
/** Longer than any id; a key of the table must fit a page of its index. */
export const LONGEST_ID = 512;
/** The year 10000: what RFC 3339 cannot say any more. */
const END_OF_TIME = 253_402_300_800_000;

/** Why a score cannot be stored, naming the field; null where it can. */
export function problemOf(score: FraudScore, lane: string): string | null {
  if (score.lane !== lane) return `lane: "${score.lane}" in the topic of "${lane}"`;
  if (score.decision === 'UNKNOWN') return 'decision: is none of ALLOW, REVIEW, DECLINE';
  if (!(score.scoredAt >= 0 && score.scoredAt < END_OF_TIME)) return `scoredAt: ${String(score.scoredAt)} is no time`;
  const texts = [score.orderId, score.customerId, score.currency ?? '', ...score.rulesHit, ...Object.entries(score.versions).flat(), ...Object.keys(score.features), ...score.linked.map(({ id }) => id)];
  return idProblemOf('orderId', score.orderId) ?? idProblemOf('customerId', score.customerId) ?? (texts.some((text) => text.includes(NUL)) ? 'a text holds a NUL character' : null);
}

/** Why an id cannot be stored; null where it can. */
export function idProblemOf(field: string, id: string): string | null {
  if (id.length > LONGEST_ID) return `${field}: is longer than ${String(LONGEST_ID)} characters`;
  return id.includes(NUL) ? `${field}: holds a NUL character` : null;
}

/**
 * Of each order of a batch in offset order the score that counts: the highest revision, of equal ones the first. Its `flaggedAt` is that of the
 * earliest score of the order which flagged it.
 */
export function countingScores(records: readonly ConsumedEvent<FraudScore>[]): readonly ScoredOrder[] {
  const byOrder = new Map<string, ScoredOrder>();
  for (const record of records) {
    const next = scoredOrder(record);
    const held = byOrder.get(next.orderId);
    const counts = held === undefined || next.revision > held.revision ? next : held;
    byOrder.set(next.orderId, { ...counts, flaggedAt: earlier(held?.flaggedAt ?? null, next.flaggedAt) });
  }
  // One order for all writers means no deadlock.
  return [...byOrder.values()].sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
}

function scoredOrder({ event, partition, offset }: ConsumedEvent<FraudScore>): ScoredOrder {
  const decision = event.decision === 'UNKNOWN' ? 'ALLOW' : event.decision;
  const flagged = decision !== 'ALLOW';
  const { orderId, customerId, score, modelScore, rulesHit, totalMinor, currency, occurredAt, scoredAt, revision, versions, degraded, features } = event;
  return {
    orderId, customerId, score, modelScore, decision, rulesHit, totalMinor, currency, occurredAt, scoredAt, revision, versions, degraded, partition, offset, features,
    entityIds: flagged ? [...new Set(event.linked.map(({ id }) => id))] : null,
    flaggedAt: flagged ? scoredAt : null,
  };
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
