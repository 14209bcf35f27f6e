import { describe, expect, it } from '@jest/globals';
import { metricKey } from './metric-key.js';

describe('metricKey', () => {
  it('sorts the dimensions, so that one series has one key', () => {
    expect(metricKey('revenue', { currency: 'EUR', country: 'DE' })).toBe('revenue{country=DE,currency=EUR}');
    expect(metricKey('revenue', { country: 'DE', currency: 'EUR' })).toBe('revenue{country=DE,currency=EUR}');
    expect(metricKey('orders', {})).toBe('orders{}');
  });

  it('escapes what would make two series look like one', () => {
    expect(metricKey('views', { category: 'a,b=c' })).toBe('views{category=a\\,b\\=c}');
    expect(metricKey('views', { a: 'x,b=y' })).not.toBe(metricKey('views', { a: 'x', b: 'y' }));
  });
});
