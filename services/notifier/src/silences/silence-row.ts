import type { Silence } from '../grouping/silence.js';
import { Matcher, type MatchOperator } from '../routing/matcher.js';

/** A matcher as Alertmanager's API and amtool write it. */
export interface WireMatcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}

/** A silence as PostgreSQL has it. */
export interface SilenceRow {
  readonly id: string;
  readonly matchers: readonly WireMatcher[];
  readonly startsAt: Date;
  readonly endsAt: Date;
}

/** Throws `MatcherError` for an expression that RE2 does not know. */
export function matcherOf({ name, value, isRegex, isEqual }: WireMatcher): Matcher {
  const operator: MatchOperator = isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=';
  return new Matcher(name, operator, value);
}

export function readSilences(rows: readonly SilenceRow[]): readonly Silence[] {
  return rows.map(({ id, matchers, startsAt, endsAt }) => ({ id, matchers: matchers.map(matcherOf), startsAt: startsAt.getTime(), endsAt: endsAt.getTime() }));
}
