import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decideGroup, stretchesOf, type GroupLook } from './order-episodes.js';

const limits = { atLeast: 2, withinMs: 10 };
const look = (given: Partial<GroupLook>): GroupLook => ({ times: [], announced: [], eventTime: null, trigger: 0, mayFire: true, ...given });

test.each([
  ['too few', [1, 50], []],
  ['two within the time', [1, 5], [{ startsAt: 5, endsAt: 11 }]],
  ['two exactly the time apart', [1, 11], []],
  ['one after the other', [1, 5, 9], [{ startsAt: 5, endsAt: 15 }]],
  ['one that comes a moment too late', [1, 5, 12], [{ startsAt: 5, endsAt: 11 }, { startsAt: 12, endsAt: 15 }]],
  ['a pause between', [1, 5, 30, 31], [{ startsAt: 5, endsAt: 11 }, { startsAt: 31, endsAt: 40 }]],
  ['at the same moment', [7, 7], [{ startsAt: 7, endsAt: 17 }]],
])('%s', (_, times, expected) => {
  expect(stretchesOf(times, limits)).toEqual(expected);
});

test('stretches are exactly the moments at which enough orders lie within the time', () => {
  fc.assert(fc.property(fc.array(fc.nat(60), { maxLength: 20 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 15 }), (given, atLeast, withinMs) => {
    const times = given.toSorted((a, b) => a - b);
    const stretches = stretchesOf(times, { atLeast, withinMs });
    for (let now = 0; now <= 80; now += 1) {
      const enough = times.filter((at) => at > now - withinMs && at <= now).length >= atLeast;
      expect([now, stretches.some(({ startsAt, endsAt }) => startsAt <= now && now < endsAt)]).toEqual([now, enough]);
    }
  }));
});

test('fires at the order that makes them enough, and ends when event time has passed', () => {
  const fired = decideGroup(limits, look({ times: [1, 5, 5] }));
  expect(fired).toMatchObject({ endsAt: 15, heldBack: false, transitions: [{ status: 'FIRING', startsAt: 5, decision: { value: 3, threshold: 2 } }] });
  const { announced } = fired;
  expect(decideGroup(limits, look({ times: [1, 5, 5], announced, eventTime: 14 })).transitions).toEqual([]);
  expect(decideGroup(limits, look({ times: [1, 5, 5], announced, eventTime: 15 }))).toMatchObject({ endsAt: null, transitions: [{ status: 'RESOLVED', endsAt: 15, decision: { value: 0 } }] });
});

test('a correction ends it at once', () => {
  const { announced } = decideGroup(limits, look({ times: [1, 5] }));
  expect(decideGroup(limits, look({ times: [1], announced, trigger: 5 }))).toMatchObject({ endsAt: null, transitions: [{ status: 'RESOLVED', startsAt: 5, endsAt: 5, decision: { value: 1 } }] });
});

test('what the clock has ended does not begin again because scores are behind it; a new order begins it again', () => {
  const { announced: firing } = decideGroup(limits, look({ times: [1, 5] }));
  const { announced } = decideGroup(limits, look({ times: [1, 5], announced: firing, eventTime: 11 }));
  expect(decideGroup(limits, look({ times: [1, 5], announced, eventTime: 7 })).transitions).toEqual([]);
  expect(decideGroup(limits, look({ times: [1, 5, 9], announced, eventTime: 9 })).transitions).toMatchObject([{ status: 'FIRING', again: 1 }]);
});

test('what is over by the time it is read is told from beginning to end', () => {
  expect(decideGroup(limits, look({ times: [1, 5], eventTime: 100 })).transitions.map(({ status }) => status)).toEqual(['FIRING', 'RESOLVED']);
});

test('is held back where too many fire, unless it fires already', () => {
  expect(decideGroup(limits, look({ times: [1, 5], mayFire: false }))).toMatchObject({ heldBack: true, transitions: [], endsAt: null });
  const { announced } = decideGroup(limits, look({ times: [1, 5] }));
  expect(decideGroup(limits, look({ times: [1, 5, 9], announced, mayFire: false }))).toMatchObject({ heldBack: false, transitions: [], endsAt: 15 });
});

test('an alert ends with its own stretch, however many orders are read at once', () => {
  const { announced } = decideGroup(limits, look({ times: [1, 5] }));
  const { transitions, endsAt } = decideGroup(limits, look({ times: [1, 5, 30, 31], announced, eventTime: 32 }));
  expect(transitions.map(({ status, startsAt }) => [status, startsAt])).toEqual([['RESOLVED', 5], ['FIRING', 31]]);
  expect(endsAt).toBe(40);
});

test('tells of many stretches once, also of those that it no longer remembers', () => {
  const times = Array.from({ length: 40 }, (_, index) => index * 100);
  const given = look({ times, eventTime: 10_000 });
  const { transitions, announced } = decideGroup({ atLeast: 1, withinMs: 10 }, given);
  expect(transitions).toHaveLength(80);
  expect(decideGroup({ atLeast: 1, withinMs: 10 }, { ...given, announced }).transitions).toEqual([]);
});
