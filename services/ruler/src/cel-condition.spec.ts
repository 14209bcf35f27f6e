import { expect, test } from '@jest/globals';
import { CelError, compileCel, compileOrderCel, type OrderInput } from './cel-condition.js';

const input = { value: 12.5, count: 30, labels: { country: 'DE' } };

test.each([
  ['value > 10.0 && labels.country == "DE"', true],
  ['count < 30.0', false],
  ['labels.product == "p1"', false],
  ['has(labels.product) || value > 0.0', true],
])('%s is %s', (expression, expected) => {
  expect(compileCel(expression).holds(input)).toBe(expected);
});

test.each([
  ['a regular expression', 'labels.country.matches("(a+)+$")', /matches\(\) is not allowed/],
  ['a regular expression inside a macro', '["a"].exists(x, x.matches("(a+)+$"))', /matches\(\) is not allowed/],
  ['an unknown variable', 'valeu > 1.0', /valeu/],
  ['a wrong type', 'value > "ten"', /./],
  ['a number', 'value + 1.0', /must be a bool, not double/],
  ['a syntax error', 'value > ', /./],
  ['a huge expression', Array.from({ length: 2_000 }, () => 'true').join(' && '), /./],
])('refuses %s', (_, expression, reason) => {
  expect(() => compileCel(expression)).toThrow(CelError);
  expect(() => compileCel(expression)).toThrow(reason);
});

const order: OrderInput = {
  order: 'o1', customer: 'c1', score: 0.95, decision: 'DECLINE', rulesHit: ['testing'], features: { customer_amount_30d: 250_000, account_age: null }, total: 3_998, currency: 'EUR', degraded: false,
};

test.each([
  ['decision == "DECLINE" && score >= 0.9', true],
  ['features["customer_amount_30d"] > 100000.0', true],
  ['features["no_such_feature"] > 1.0', false],
  ['features["account_age"] < 1.0', false],
  ['features["account_age"] > -1.0', false],
  ['"testing" in rulesHit && currency == "EUR" && total > 1000.0 && !degraded', true],
  ['order == "o2" || customer == "c2"', false],
])('of an order: %s', (expression, expected) => {
  expect(compileOrderCel(expression).holds(order)).toBe(expected);
});

test('a mistake about an order is told', () => {
  expect(() => compileOrderCel('scores > 1.0')).toThrow(CelError);
  expect(() => compileOrderCel('score')).toThrow('must be a bool, not double');
  expect(compileOrderCel('total > 1.0').holds({ ...order, total: undefined } as unknown as OrderInput)).toBe(false);
});
