import { expect, test } from '@jest/globals';
import { makeFraudScore } from '@millrace/testing';
import { aged, eventTimeOf } from './order-clock.js';
import { latestOf, orderScoreOf, type OrderScore } from './order-score.js';

const scoreOf = (given: Parameters<typeof makeFraudScore>[0], offset = 0): OrderScore => orderScoreOf({ event: makeFraudScore(given), topic: 'fraud.scores.v1', partition: 1, offset });

test('of one order the highest revision counts, of equal ones the first', () => {
  const scores = [1, 3, 3, 2].map((revision, index) => scoreOf({ orderId: 'o', revision, score: revision / 10 + index / 100 }));
  expect(latestOf([...scores, scoreOf({ orderId: 'p', score: 0.9 })]).map(({ orderId, score }) => [orderId, score])).toEqual([['o', 0.31], ['p', 0.9]]);
});

test('knows its own record and those that it rests on, and no amount that the score does not say', () => {
  const evidence = [{ topic: 'shop.orders.v1', partition: 0, firstOffset: 7, lastOffset: 7 }];
  const order = scoreOf({ evidence, totalMinor: null, currency: 'EUR' }, 12);
  expect(order.offsets).toEqual([{ topic: 'fraud.scores.v1', partition: 1, firstOffset: 12, lastOffset: 12 }, ...evidence]);
  expect(order.input).toMatchObject({ currency: 'EUR' });
  expect(order.input).not.toHaveProperty('total');
});

test('no order is newer than its score', () => {
  expect(scoreOf({ occurredAt: 9_000, scoredAt: 5_000 }).at).toBe(5_000);
});

test('event time is that of the slowest partition, once each was read', () => {
  expect(eventTimeOf(new Map([[0, 5], [1, 3]]), [0, 1])).toBe(3);
  expect(eventTimeOf(new Map([[0, 5]]), [0, 1])).toBeNull();
  expect(eventTimeOf(new Map(), [])).toBeNull();
});

test('an age is measured against what came before, not after', () => {
  const scores = [100, 400, 150].map((occurredAt) => scoreOf({ occurredAt }));
  expect(aged(scores, 200)).toMatchObject({ newest: 400, scores: [{ age: 100 }, { age: 0 }, { age: 250 }] });
});
