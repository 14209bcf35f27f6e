import type { Silence } from '../grouping/silence.js';
import { Matcher, type MatchOperator } from '../routing/matcher.js';

/** A matcher as Alertmanager's API and amtool write it. */
export interface WireMatcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}

export interface SilenceRow {
  readonly id: string;
  readonly matchers: readonly WireMatcher[];
  readonly starts_at: Date;
  readonly ends_at: Date;
}

/** Throws `MatcherError` for an expression that RE2 does not know. */
export function matcherOf({ name, value, isRegex, isEqual }: WireMatcher): Matcher {
  const operator: MatchOperator = isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=';
  return new Matcher(name, operator, value);
}

export function readSilences(rows: readonly SilenceRow[]): readonly Silence[] {
  return rows.map(({ id, matchers, starts_at, ends_at }) => ({ id, matchers: matchers.map(matcherOf), startsAt: starts_at.getTime(), endsAt: ends_at.getTime() }));
}
