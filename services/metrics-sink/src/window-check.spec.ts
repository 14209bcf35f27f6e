import { describe, expect, it } from '@jest/globals';
import { windowAt } from '@millrace/stores/testing';
import { problemOf } from './window-check.js';

describe('problemOf', () => {
  it('finds none in a window that can be stored, whatever its metric', () => {
    expect(problemOf(windowAt(0, 1), 'live')).toBeNull();
    expect(problemOf(windowAt(0, 0, { metric: 'new_metric', dimensions: { country: 'a,b={}\\' }, watermark: null }), 'live')).toBeNull();
    expect(problemOf(windowAt(0, 1, { value: -5 }), 'live')).toBeNull();
  });

  it.each([
    ['lane', { lane: 'r1' }],
    ['window', { window: '7m' }],
    ['window', { window: 'toString' }],
    ['metricKey', { metricKey: 'revenue{currency=USD}' }],
    ['metricKey', { dimensions: { currency: 'E\u0000R' } }],
    ['metricKey', { items: [{ key: '\u0000', value: 1 }] }],
    ['value', { value: Number.NaN }],
    ['value', { value: Infinity }],
    ['items', { items: [{ key: 'p', value: -Infinity }] }],
    ['windowEnd', { windowEnd: windowAt(0, 1).windowStart }],
    ['revision', { revision: -1 }],
    ['revision', { revision: 2 ** 53 }],
  ])('names %s when %j', (field, change) => {
    expect(problemOf(windowAt(0, 1, change), 'live')).toMatch(new RegExp(`^${field}: `));
  });
});
