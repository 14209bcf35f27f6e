import { describe, expect, it } from '@jest/globals';
import { age, countryName, formats, minorDigits, sentence, startOfDay } from './format.js';

describe('formats', () => {
  const format = formats('Europe/Berlin', 'en-GB');

  it.each([
    [123_456, 'EUR', '€1,234.56'],
    [38_642_177, 'EUR', '€386,422'],
    [-250, 'GBP', '-£2.50'],
    [1_234, 'JPY', 'JP¥1,234'],
    [1_234_567, 'KWD', 'KWD 1,234.567'],
    [5_000, 'points', '50.00 points'],
    [5_000, 'X€!', '50.00 X€!'],
  ])('money: %d minor units of %s are %s', (minor, currency, text) => {
    expect(format.money(minor, currency).replaceAll(/\s/gu, ' ')).toBe(text);
  });

  it.each([['JPY', 0], ['EUR', 2], ['KWD', 3], ['nonsense', 2]])('%s has %d digits after the point', (currency, digits) => {
    expect(minorDigits(currency)).toBe(digits);
  });

  it('shortens large money, on the axis without a needless fraction', () => {
    expect(format.moneyShort(3_300_000, 'EUR')).toBe('€33.0k');
    expect(format.moneyAxis(600_000, 'EUR')).toBe('€6k');
  });

  it.each([
    [38_642_177, 'minor', 'EUR', '€386,421.77'],
    [742_548, 'minor', 'JPY', 'JP¥742,548'],
    [5_204, 'orders', undefined, '5,204 orders'],
    [0.03123, 'ratio', undefined, '3.12%'],
    [4.3129, 'stars', undefined, '4.31 stars'],
    [0, 'items', undefined, '0 items'],
    [1, 'items', undefined, '1 item'],
  ])('exact: %d %s %s is %s', (value, unit, currency, text) => {
    expect(format.exact(value, unit, currency)).toBe(text);
  });

  it('says counts, ratios and ratings', () => {
    expect([format.count(11_918), format.countShort(9_581), format.countShort(41_200), format.percent(0.0312), format.decimal(4)]).toEqual(['11,918', '9,581', '41.2k', '3.1%', '4.0']);
  });

  it('says times in the zone of the shop, over a change of the clock too', () => {
    expect(format.minute(Date.UTC(2026, 2, 29, 0, 59))).toBe('01:59');
    expect(format.minute(Date.UTC(2026, 2, 29, 1, 0))).toBe('03:00');
    expect(format.day(Date.UTC(2026, 10, 20, 23, 30))).toBe('Sat 21 Nov');
    expect(format.second(Date.UTC(2026, 0, 1, 11, 0, 5))).toBe('12:00:05');
  });
});

describe('age', () => {
  it.each([
    [-5_000, 'now'], [1_999, 'now'], [2_000, '2 s'], [59_999, '59 s'], [60_000, '1 min'], [3_599_999, '59 min'], [3_600_000, '1 h'],
    [47 * 3_600_000, '47 h'], [48 * 3_600_000, '2 d'],
  ])('%d ms is %s', (ms, text) => {
    expect(age(ms)).toBe(text);
  });
});

describe('names', () => {
  it.each([['DE', 'Germany'], ['ZZ', 'Unknown Region'], ['unknown', 'Unknown'], ['EIRE', 'EIRE'], ['', '']])('country %s is %s', (code, name) => {
    expect(countryName(code, 'en')).toBe(name);
  });
  it.each([['home-garden', 'Home garden'], ['a_b', 'A b'], ['<img>', '<img>']])('%s is %s', (slug, text) => {
    expect(sentence(slug)).toBe(text);
  });
});

describe('the start of a day', () => {
  it.each([
    ['2026-11-20', 'UTC', 0, '2026-11-20T00:00:00Z'],
    ['2026-11-20', 'Europe/Berlin', 0, '2026-11-19T23:00:00Z'],
    ['2026-10-25', 'Europe/Berlin', 0, '2026-10-24T22:00:00Z'],
    ['2026-10-25', 'Europe/Berlin', 1, '2026-10-25T23:00:00Z'],
    ['2026-03-29', 'Europe/Berlin', 1, '2026-03-29T22:00:00Z'],
    ['2026-11-20', 'Pacific/Kiritimati', 0, '2026-11-19T10:00:00Z'],
    ['2026-11-20', 'America/St_Johns', 0, '2026-11-20T03:30:00Z'],
    ['2026-03-08', 'America/New_York', 1, '2026-03-09T04:00:00Z'],
  ])('%s in %s, %d days later, is %s', (day, timeZone, later, expected) => {
    expect(startOfDay(day, timeZone, later)).toBe(Date.parse(expected));
  });
  it('is none of a day that is none', () => {
    expect(startOfDay('2026-13-45', 'UTC')).toBeNaN();
  });
});
