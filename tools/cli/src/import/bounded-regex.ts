import { RE2JS } from 're2js';
import { SpecError } from './import.errors.js';

/** Longest text a pattern is put to; the rest is not looked at. */
const MAX_SUBJECT = 4096;
const MAX_PATTERN = 500;

/** Finds the pattern's group in a text; null where it is not found. */
export type GroupFinder = (text: string) => string | null;

/**
 * Compiles a pattern in RE2's syntax, which has no backreferences and no look-around and runs in time linear in the text, so that no row can
 * stall an import. Throws {@link SpecError}.
 */
export function compileRegex(pattern: string, group: number): GroupFinder {
  if (pattern.length > MAX_PATTERN) throw new SpecError([], `is longer than ${String(MAX_PATTERN)} characters`);
  const compiled = compile(pattern);
  if (group > compiled.groupCount()) throw new SpecError([], `has no group ${String(group)}`);
  return (text) => {
    const matcher = compiled.matcher(text.length > MAX_SUBJECT ? text.slice(0, MAX_SUBJECT) : text);
    return matcher.find() ? matcher.group(group) : null;
  };
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new SpecError([], `"${pattern}" is no RE2 pattern: ${error instanceof Error ? error.message : String(error)}`);
  }
}
