import { RE2JS, RE2JSException } from 're2js';
import { byBytes, nameText, quoted, type Labels } from './labels.js';

export type MatchOperator = '=' | '!=' | '=~' | '!~';
const ORDER: readonly MatchOperator[] = ['=', '!=', '=~', '!~'];

/** A matcher cannot be read. */
export class MatcherError extends Error {
  override readonly name = 'MatcherError';
}

/** One condition on a label, as Alertmanager has it: a label that is not there is empty, an expression must fit the whole value. */
export class Matcher {
  readonly #expression: RE2JS | null;

  /** Throws {@link MatcherError} for an expression that RE2 does not know: Go has the same, and it takes linear time. */
  constructor(
    readonly label: string,
    readonly operator: MatchOperator,
    readonly value: string,
  ) {
    this.#expression = operator === '=' || operator === '!=' ? null : compiled(value);
  }

  matches(labels: Labels): boolean {
    const found = labels[this.label] ?? '';
    const same = this.#expression === null ? found === this.value : this.#expression.testExact(found);
    return same !== this.operator.startsWith('!');
  }

  toString(): string {
    return `${nameText(this.label)}${this.operator}${quoted(this.value)}`;
  }
}

export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matches(labels));
}

/** `{a="b",c=~"d"}`: as they stand in a route's key. */
export function matchersText(matchers: readonly Matcher[]): string {
  return `{${[...matchers].sort(compare).map(String).join(',')}}`;
}

function compare(left: Matcher, right: Matcher): number {
  return byBytes(left.label, right.label) || byBytes(left.value, right.value) || ORDER.indexOf(left.operator) - ORDER.indexOf(right.operator);
}

function compiled(expression: string): RE2JS {
  try {
    return RE2JS.compile(expression);
  } catch (error) {
    if (error instanceof RE2JSException) throw new MatcherError(`${quoted(expression)} is no expression of RE2: ${error.message}`);
    throw error;
  }
}
