import { describe, expect, it } from '@jest/globals';
import { explainParams, filtersOf, instant, latestQuery, seriesQuery } from './query.schema.js';

describe('instants', () => {
  it.each([
    ['2026-11-20T12:00:00Z', Date.UTC(2026, 10, 20, 12)], ['2026-11-20T12:00:00.5+01:00', Date.UTC(2026, 10, 20, 11, 0, 0, 500)], ['0', 0], ['1763640000000', 1_763_640_000_000],
  ])('%s is %d', (text, ms) => {
    expect(instant.parse(text)).toBe(ms);
  });
  it.each(['', ' ', '1e309', '-0', '-1', 'NaN', '2026-11-20', '2026-11-20T12:00:00', '999999999999999', '12\u0000', 'now', '0x10', '1.5', '٣'])('refuses %j', (text) => {
    expect(instant.safeParse(text).success).toBe(false);
  });
});

describe('queries', () => {
  it('takes every dimension of the catalogue as a filter, and only those', () => {
    expect(filtersOf(latestQuery.parse({ window: '1d', country: 'DE', currency: 'EUR' }))).toEqual({ country: 'DE', currency: 'EUR' });
    expect(latestQuery.safeParse({ colour: 'red' }).success).toBe(false);
  });
  it('splits by; empty means the whole shop', () => {
    expect(seriesQuery.parse({ by: 'country,currency' }).by).toEqual(['country', 'currency']);
    expect(seriesQuery.parse({ by: '' }).by).toEqual([]);
    expect(seriesQuery.parse({}).by).toBeUndefined();
  });
  it('refuses a range that ends before it begins', () => {
    expect(seriesQuery.safeParse({ from: '20', to: '10' }).success).toBe(false);
  });
  it('refuses lone surrogates and over-long keys', () => {
    for (const metricKey of ['a\ud800', 'x'.repeat(513), '', 'a\u0000']) expect(explainParams.safeParse({ metricKey, window: '1m', start: '0' }).success).toBe(false);
  });
});
