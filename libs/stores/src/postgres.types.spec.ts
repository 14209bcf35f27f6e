import { describe, expect, it } from '@jest/globals';
import { UnsafeNumberError } from './errors.js';
import { exactNumber, parserFor } from './postgres.types.js';

describe('numbers from PostgreSQL', () => {
  it.each([['0', 0], ['-12', -12], ['9007199254740991', 9007199254740991], ['12.50', 12.5], ['-0.001', -0.001], ['100.00', 100]])('reads %s', (text, value) => {
    expect(exactNumber(text)).toBe(value);
  });

  it.each(['9007199254740993', '-9223372036854775808', 'NaN', 'Infinity', '1234567890.1234567890', '9007199254740993.5'])('refuses %s rather than lose digits', (text) => {
    expect(() => exactNumber(text)).toThrow(UnsafeNumberError);
  });

  it('reads arrays of bigint, also empty and with null', () => {
    const parse = (parserFor as (oid: number) => (text: string) => unknown)(1016);
    expect(parse('{1,NULL,-3}')).toEqual([1, null, -3]);
    expect(parse('{}')).toEqual([]);
    expect(() => parse('{9007199254740993}')).toThrow(UnsafeNumberError);
  });
});
