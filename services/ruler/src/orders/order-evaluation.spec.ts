import { expect, test } from '@jest/globals';
import { makeFraudScore } from '@millrace/testing';
import { parseRules } from '../rule-file.js';
import type { AgedScore } from './order-clock.js';
import { countedOf, decideGroups, touchedBy } from './order-evaluation.js';
import { orderScoreOf } from './order-score.js';
import type { KnownOrder, StoredGroup } from './order-store.js';

const HOUR = 3_600_000;
const { orderRules: rules } = parseRules('rules.yaml', `version: 1
rules:
  - { name: bad, kind: order, when: 'decision != "ALLOW"', by: [customer], maxFiring: 1 }`);

const scored = (given: Parameters<typeof makeFraudScore>[0], age = 0): AgedScore =>
  ({ ...orderScoreOf({ event: makeFraudScore({ orderId: 'o', customerId: 'eve', occurredAt: 5_000, ...given }), topic: 't', partition: 0, offset: 0 }), age });
const held = (revision: number, key = 'fraud_score{customer=eve}'): KnownOrder => ({ rule: 'bad', orderId: 'o', revision, key });
const counted = (score: AgedScore, known: KnownOrder[] = []): boolean[] => countedOf(rules, [score], known).map(({ isMatch }) => isMatch);

test.each<[string, AgedScore, KnownOrder[], boolean[]]>([
  ['keeps an order that matches', scored({ decision: 'REVIEW' }), [], [true]],
  ['keeps no other', scored({ decision: 'ALLOW' }), [], []],
  ['takes a correction in', scored({ decision: 'ALLOW', revision: 2 }), [held(1)], [false]],
  ['ignores a revision that is not higher', scored({ decision: 'REVIEW', revision: 2 }), [held(2)], []],
  ['ignores an older revision of an order that no longer matches', scored({ decision: 'REVIEW', revision: 1 }), [held(2)], []],
  ['takes what is late', scored({ decision: 'REVIEW' }, HOUR + 899_999), [], [true]],
  ['ignores what may be forgotten already', scored({ decision: 'REVIEW' }, HOUR + 900_000), [], []],
])('%s', (_, score, known, expected) => {
  expect(counted(score, known)).toEqual(expected);
});

test('looks at the group that an order has left, too', () => {
  const known = [held(1, 'fraud_score{customer=bob}')];
  const touched = touchedBy(countedOf(rules, [scored({ decision: 'REVIEW', revision: 2 })], known), known);
  expect([...touched.values()]).toEqual([{ rule: 'bad', key: 'fraud_score{customer=eve}', at: 5_000 }, { rule: 'bad', key: 'fraud_score{customer=bob}', at: 5_000 }]);
});

const group = (customer: string, times: number[], announced: StoredGroup['announced'] = []): StoredGroup => ({ rule: 'bad', key: customer, dimensions: { customer }, announced, times });
const decide = (stored: StoredGroup[], eventTime: number | null, firing: number): ReturnType<typeof decideGroups> =>
  decideGroups(rules, stored, { touched: new Map(), eventTime, firing: new Map([['bad', firing]]) });

test('what came first fires first where not all may, and an end makes room', () => {
  const { transitions, heldBack } = decide([group('late', [9]), group('early', [3])], null, 0);
  expect(transitions.map(({ group: { key } }) => key)).toEqual(['early']);
  expect(heldBack).toEqual(new Map([['bad', 1]]));
  const open = [{ startsAt: 1, endsAt: null, again: 0 }];
  const next = decide([group('over', [1], open), group('new', [HOUR])], HOUR + 1, 1);
  expect(next.transitions.map(({ group: { key }, transition: { status } }) => `${status} ${key}`)).toEqual(['RESOLVED over', 'FIRING new']);
});
