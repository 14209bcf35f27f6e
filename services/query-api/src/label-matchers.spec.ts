import { describe, expect, it } from '@jest/globals';
import { parseLabelMatchers } from './label-matchers.js';

describe('label matchers', () => {
  it.each([
    ['product="p1"', [['product', 'p1', true]]],
    [' { product = p1 , country!="DE", } ', [['product', 'p1', true], ['country', 'DE', false]]],
    ['"a b"="say \\"hi\\", you"', [['a b', 'say "hi", you', true]]],
    ['Straße="Öl\\u00e4"', [['Straße', 'Ölä', true]]],
    ['team=""', [['team', '', true]]],
    ['{}', []],
    ['', []],
  ] as const)('reads %j', (text, expected) => {
    expect(parseLabelMatchers(text)?.map(({ name, value, equal }) => [name, value, equal])).toEqual(expected);
  });

  it.each(['product', 'product=', '="p1"', 'product=~"p.*"', 'product!~p', 'product="p1', 'product="p1" country="DE"', ',', 'a="\\q"', '{a=b', "a='b'", 'a=b,,c=d'])('does not read %j', (text) => {
    expect(parseLabelMatchers(text)).toBeNull();
  });

  it('takes no longer for a text that leads it astray', () => {
    expect(parseLabelMatchers(`a="${'\\\\'.repeat(20_000)}`)).toBeNull();
  });
});
