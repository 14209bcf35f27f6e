import { expect, test } from '@jest/globals';
import { CelError, compileCel } from './cel-condition.js';

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
