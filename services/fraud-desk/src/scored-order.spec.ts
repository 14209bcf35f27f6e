import { describe, expect, it } from '@jest/globals';
import type { FraudScore } from '@millrace/contracts';
import type { ConsumedEvent } from '@millrace/kafka';
import { makeFraudScore } from '@millrace/testing';
import { countingScores, problemOf } from './scored-order.js';
import { verdictId } from './verdict.service.js';

const at = (offset: number, given: Partial<FraudScore>): ConsumedEvent<FraudScore> => ({
  topic: 'fraud.scores.v1', partition: 0, offset, key: 'o', headers: {}, timestamp: 0, event: makeFraudScore({ orderId: 'o', ...given }),
});

describe('countingScores', () => {
  it('keeps the highest revision, of equal ones the first', () => {
    const scores = countingScores([at(0, { revision: 2, score: 0.2 }), at(1, { revision: 1, score: 0.1 }), at(2, { revision: 2, score: 0.9 })]);
    expect(scores.map(({ score, revision, offset }) => [score, revision, offset])).toEqual([[0.2, 2, 0]]);
  });

  it('remembers the first score that flagged the order', () => {
    const [score] = countingScores([at(0, { revision: 1, decision: 'REVIEW', scoredAt: 5 }), at(1, { revision: 2, decision: 'ALLOW', scoredAt: 6 }), at(2, { revision: 3, decision: 'DECLINE', scoredAt: 9 })]);
    expect(score).toMatchObject({ decision: 'DECLINE', scoredAt: 9, flaggedAt: 5 });
  });

  it('keeps the ids of linked entities of cases only', () => {
    const linked = [{ kind: 'card', id: 'c1', orders: 1, customers: 1, frauds: 0 }, { kind: 'device', id: 'c1', orders: 1, customers: 1, frauds: 0 }];
    expect(countingScores([at(0, { decision: 'REVIEW', linked })])[0]?.entityIds).toEqual(['c1']);
    expect(countingScores([at(0, { linked })])[0]?.entityIds).toBeNull();
  });
});

describe('problemOf', () => {
  it('finds none in a score', () => {
    expect(problemOf(makeFraudScore({ modelScore: null, totalMinor: null, currency: null }), 'live')).toBeNull();
  });

  it.each([
    ['lane', { lane: 'r1' }],
    ['decision', { decision: 'UNKNOWN' as const }],
    ['scoredAt', { scoredAt: 8.64e15 }],
    ['orderId', { orderId: 'x'.repeat(600) }],
    ['customerId', { customerId: 'a\u0000' }],
    ['a text', { features: { 'f\u0000': 1 } }],
  ])('names %s', (field, change) => {
    expect(problemOf(makeFraudScore(change), 'live')).toMatch(new RegExp(`^${field}`));
  });
});

describe('verdictId', () => {
  const verdict = (fraud: boolean, decidedBy = 'ann') => ({ kind: 'VERDICT' as const, fraud, decidedBy });

  it('is the same for a double click, before and after the first was stored', () => {
    expect(verdictId('o', 'ann', true, [])).toBe(verdictId('o', 'ann', true, [verdict(true)]));
  });

  it('is another one for another order, analyst or value', () => {
    expect(new Set([verdictId('o', 'ann', true, []), verdictId('p', 'ann', true, []), verdictId('o', 'bob', true, []), verdictId('o', 'ann', false, [])]).size).toBe(4);
  });

  it('is another one when an analyst comes back to what she said first', () => {
    expect(verdictId('o', 'ann', true, [verdict(true), verdict(false)])).not.toBe(verdictId('o', 'ann', true, [verdict(true)]));
    expect(verdictId('o', 'ann', true, [verdict(true), verdict(false, 'bob')])).toBe(verdictId('o', 'ann', true, [verdict(true)]));
  });
});
