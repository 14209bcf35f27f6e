import pg from 'pg';
import { UnsafeNumberError } from './errors.js';

/** Most significant decimal digits that every JavaScript number keeps. */
const EXACT_DIGITS = 15;

/** Reads `bigint` and `numeric` as a number. Throws {@link UnsafeNumberError} rather than lose a digit. */
export function exactNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  const digits = text.replace(/^-/, '').replace('.', '').replace(/^0+/, '');
  if (!Number.isFinite(value) || !text.includes('.') || digits.length > EXACT_DIGITS) throw new UnsafeNumberError(text);
  return value;
}

type Parser = (text: string) => unknown;

/** An array of one dimension; numbers need no quotes in it. */
const exactNumbers: Parser = (text) =>
  text === '{}' ? [] : text.slice(1, -1).split(',').map((item) => (item === 'NULL' ? null : exactNumber(item)));

const PARSERS: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  [pg.types.builtins.INT8, exactNumber],
  [pg.types.builtins.NUMERIC, exactNumber],
  [1016, exactNumbers],
  [1231, exactNumbers],
  // pg would make it midnight of the process's time zone.
  [pg.types.builtins.DATE, (text) => text],
]);

/** The parser of a column's type: ours where pg would lose or invent something, else pg's. Set per pool, so that no global changes. */
export const parserFor: typeof pg.types.getTypeParser = (oid, format) =>
  (format === 'binary' ? undefined : PARSERS.get(oid)) ?? (pg.types.getTypeParser(oid, format) as Parser);
