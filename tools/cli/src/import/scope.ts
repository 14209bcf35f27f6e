import { type Decimal } from './decimal.js';
import { type Row } from './row.types.js';

/** What an expression gives. A number is a safe integer: a count, minor units or UTC milliseconds. */
export type Value = string | number | boolean | Decimal | null;

/** What expressions see: the row, and the record that `each` is at. */
export interface Scope {
  readonly row: Row;
  readonly bound: Readonly<Record<string, Row>>;
}

export type Evaluator = (scope: Scope) => Value;
export type Test = (scope: Scope) => boolean;
/** Finds the records of a join, or of a nested list, for the scope. */
export type RowFinder = (scope: Scope) => readonly Row[];

export function withBound(scope: Scope, name: string, row: Row): Scope {
  return { row: scope.row, bound: { ...scope.bound, [name]: row } };
}
