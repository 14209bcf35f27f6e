import { describe, expect, it } from '@jest/globals';
import { MatcherError, matchersText } from './matcher.js';
import { parseMatchers } from './matcher-parser.js';

/** What Alertmanager's two grammars take, and what they make of it. */
const READ: readonly (readonly [text: string, canonical: string])[] = [
  ['foo=bar', '{foo="bar"}'],
  ['{foo="bar"}', '{foo="bar"}'],
  [' { foo = "bar" , baz!~"q.*" , } ', '{baz!~"q.*",foo="bar"}'],
  ['{}', '{}'],
  ['', '{}'],
  ['00=b', '{"00"="b"}'],
  ['Σ=c', '{"Σ"="c"}'],
  ['"\\xf0\\x9f\\x99\\x82"=dΘ', '{"🙂"="dΘ"}'],
  ['"foo bar"="a\\tb\\n\\u00e9"', '{"foo bar"="a\\tb\\né"}'],
  ['foo=~"a|b"', '{foo=~"a|b"}'],
  ['foo=""', '{foo=""}'],
  ['foo=', '{foo=""}'],
  ['foo=bar baz', '{foo="bar baz"}'],
  ['foo="say \\"hi\\", you"', '{foo="say \\"hi\\", you"}'],
  ['b="2",a!="1",a="1"', '{a="1",a!="1",b="2"}'],
];

const REFUSED: readonly (readonly [text: string, reason: RegExp])[] = [
  ['foo', /=, !=, =~ or !~ was expected at place 4, not the end/],
  ['{foo="bar"', /a closing brace was expected/],
  ['foo="bar', /a closing quote was expected/],
  ['"\\xff"=a', /is not UTF-8/],
  ['"\\q"=a', /an escape was expected/],
  ['foo=~"("', /no expression of RE2/],
  ['foo=~"(?=a)"', /no expression of RE2/],
  ['=bar', /a label was expected/],
  ['🙂=a b', /a comma was expected/],
];

describe('matchers', () => {
  it.each(READ)('reads %j', (text, canonical) => {
    expect(matchersText(parseMatchers(text))).toBe(canonical);
  });

  it.each(READ)('reads what it wrote of %j', (text) => {
    const written = matchersText(parseMatchers(text));
    expect(matchersText(parseMatchers(written))).toBe(written);
  });

  it.each(REFUSED)('refuses %j and says where', (text, reason) => {
    expect(() => parseMatchers(text)).toThrow(MatcherError);
    expect(() => parseMatchers(text)).toThrow(reason);
  });

  it.each([
    ['a=x', {}, false], ['a=""', {}, true], ['a!=x', {}, true], ['a!=""', {}, false], ['a=~".+"', {}, false], ['a=~".*"', {}, true],
    ['a=~"x"', { a: 'xx' }, false], ['a=~"x|y"', { a: 'y' }, true], ['a!~"x|y"', { a: 'y' }, false], ['a=~"x.z"', { a: 'x\nz' }, false],
  ] as const)('%s of %j: %s', (text, labels, expected) => {
    expect(parseMatchers(text).map((matcher) => matcher.matches(labels))).toEqual([expected]);
  });

  it('takes no longer for an expression that backtracks', () => {
    const labels = { a: `${'a'.repeat(50_000)}!` };
    expect(parseMatchers('a=~"^(a+)+$"').map((matcher) => matcher.matches(labels))).toEqual([false]);
  });
});
