import { Decimal } from './decimal.js';
import { RowError, quoted } from './import.errors.js';
import { type Value } from './scope.js';

/** The value as text; null stays null. */
export function toText(value: Value): string | null {
  return value === null || typeof value === 'string' ? value : String(value);
}

/** The value as an exact number; throws {@link RowError} where it is none. */
export function toDecimal(value: Exclude<Value, null>): Decimal {
  if (value instanceof Decimal) return value;
  const parsed = typeof value === 'boolean' ? null : Decimal.parse(String(value));
  if (parsed === null) throw new RowError('not a number', quoted(value));
  return parsed;
}

/** The value as a whole number that JavaScript holds exactly; `3.0` is one. Throws {@link RowError}. */
export function toWhole(value: Exclude<Value, null>): number {
  if (typeof value === 'number') return value;
  const decimal = toDecimal(value);
  if (!decimal.isInteger()) throw new RowError('not a whole number', quoted(value));
  return safe(decimal.toMinor(0));
}

/** A bigint as a number; throws {@link RowError} beyond 2^53. */
export function safe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RowError('number too large', String(value));
  return number;
}
