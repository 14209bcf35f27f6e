import { RE2JS, RE2JSException } from 're2js';
import { RequestError } from '@millrace/service-kit';
import { MatcherError, type Matcher } from '../routing/matcher.js';
import { parseMatchers } from '../routing/matcher-parser.js';

/** The matchers of `filter` parameters. Throws {@link RequestError}. */
export function filterMatchers(filters: readonly string[]): readonly Matcher[] {
  try {
    return filters.flatMap((filter) => parseMatchers(filter));
  } catch (error) {
    throw error instanceof MatcherError ? new RequestError(400, `bad matcher format: ${error.message}`) : error;
  }
}

/** An expression on whole names of receivers; null: any. Throws {@link RequestError}. */
export function receiverExpression(text: string | undefined): { readonly test: (name: string) => boolean } | null {
  if (text === undefined || text === '') return null;
  try {
    const expression = RE2JS.compile(text);
    return { test: (name) => expression.testExact(name) };
  } catch (error) {
    throw error instanceof RE2JSException ? new RequestError(400, `failed to parse receiver param: ${error.message}`) : error;
  }
}
