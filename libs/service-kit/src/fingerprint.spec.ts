import { expect, test } from '@jest/globals';
import { fingerprint } from './fingerprint.js';

// Prometheus's own values (common/model) and Alertmanager's acceptance cases.
const CASES: readonly (readonly [string, Record<string, string>, string])[] = [
  ['no labels', {}, 'cbf29ce484222325'],
  ['two labels', { name: 'garland, briggs', fear: 'love is not enough' }, 5799056148416392346n.toString(16).padStart(16, '0')],
  ['severity warning', { alertname: 'test1', severity: 'warning' }, '8f14a41207c8456c'],
  ['severity critical', { alertname: 'test1', severity: 'critical' }, '4d68350aea315959'],
  ['one label', { alertname: 'test' }, '1f56cb8f931d1bd4'],
  ['a name outside ASCII', { 'foo🙂': 'bar' }, '68477caefa9ff268'],
];

test.each(CASES)('%s', (_, labels, expected) => {
  expect(fingerprint(labels)).toBe(expected);
});

test('does not depend on the order in which labels were given', () => {
  expect(fingerprint({ severity: 'warning', alertname: 'test1' })).toBe('8f14a41207c8456c');
});
