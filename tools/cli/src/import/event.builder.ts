import { type EventContract } from '@millrace/contracts';
import { type CompileContext, type Path, asList, asText, isRecord, refuseOtherKeys } from './compile.context.js';
import { compileCondition } from './condition.compiler.js';
import { type AvroField, type AvroType, parseRecord } from './avro.fields.js';
import { coercerOf } from './event.coercion.js';
import { compileEach, compileExpression } from './expression.compiler.js';
import { RowError, SpecError } from './import.errors.js';
import { type Scope, withBound } from './scope.js';

/** An event of some contract, as plain data. */
export type EventData = Record<string, unknown>;
type Filler = (scope: Scope) => unknown;
type Total = (event: EventData) => void;

/** Makes the events of one output. */
export interface EventBuilder {
  /** The event without id, type and time. Throws `RowError`. */
  build(scope: Scope): EventData;
  /** Computes the totals; again after lines have been added. */
  total(event: EventData): void;
  /** Fields whose elements are put one after another when rows become one event. */
  readonly lists: readonly string[];
}

const GIVEN = ['eventId', 'eventType', 'occurredAt'];

/** Compiles `fields` against the contract's schema: every field must be of it, and all that have no default must be there. */
export function compileBuilder(
  contract: EventContract<unknown>,
  spec: Readonly<Record<string, unknown>>,
  context: CompileContext,
  path: Path,
): EventBuilder {
  const fields = parseRecord(contract.schema).filter(({ name }) => !GIVEN.includes(name));
  refuseOtherKeys(spec, fields.map(({ name }) => name), path);
  const totals: Total[] = [];
  const fillers = fields.map((field): readonly [string, Filler] => {
    const place = [...path, field.name];
    const given = spec[field.name];
    if (!isRecord(given) || !('total' in given)) return [field.name, compileField(field, given, context, place)];
    totals.push(compileTotal(field.name, given, fields, place));
    return [field.name, () => 0];
  });
  const total = (event: EventData): void => {
    for (const compute of totals) compute(event);
  };
  return {
    build: (scope) => {
      const event: EventData = {};
      for (const [name, fill] of fillers) event[name] = named(name, () => fill(scope));
      total(event);
      return event;
    },
    total,
    lists: fields.filter(({ type }) => type.kind === 'records').map(({ name }) => name),
  };
}

function compileField(field: AvroField, given: unknown, context: CompileContext, path: Path): Filler {
  if (given === undefined) {
    if (field.required) throw new SpecError(path, 'is required by the contract');
    const { fallback } = field;
    return Array.isArray(fallback) ? () => [] : () => fallback;
  }
  if (field.type.kind === 'records') return compileRecords(field.type.fields, given, context, path);
  const evaluate = compileExpression(given, context, path);
  const coerce = coercerOf(field.type, path);
  const { required, fallback } = field;
  return (scope) => {
    const value = evaluate(scope);
    if (value !== null) return coerce(value);
    if (required) throw new RowError('is missing');
    return fallback;
  };
}

/** Lines: a list of records, or `{each, where, fields}` for one record per joined or nested row. */
function compileRecords(fields: readonly AvroField[], given: unknown, context: CompileContext, path: Path): Filler {
  if (Array.isArray(given)) {
    const builders = asList(given, path).map((item, index) => compileRecord(fields, item, context, [...path, index]));
    return (scope) => builders.map((build) => build(scope));
  }
  if (!isRecord(given)) throw new SpecError(path, 'must be a list of records, or {each, fields}');
  refuseOtherKeys(given, ['each', 'where', 'fields'], path);
  const { name, find } = compileEach(given['each'], context, [...path, 'each']);
  const build = compileRecord(fields, given['fields'], context, [...path, 'fields']);
  const where = given['where'] === undefined ? () => true : compileCondition(given['where'], context, [...path, 'where']);
  return (scope) =>
    find(scope)
      .map((row) => withBound(scope, name, row))
      .filter(where)
      .map(build);
}

function compileRecord(fields: readonly AvroField[], given: unknown, context: CompileContext, path: Path): (scope: Scope) => EventData {
  if (!isRecord(given)) throw new SpecError(path, 'must be a record of fields');
  refuseOtherKeys(given, fields.map(({ name }) => name), path);
  const fillers = fields.map((field) => [field.name, compileField(field, given[field.name], context, [...path, field.name])] as const);
  return (scope) => {
    const record: EventData = {};
    for (const [name, fill] of fillers) record[name] = named(name, () => fill(scope));
    return record;
  };
}

/** `{total: lines.amountMinor}`: the sum over a list of the same event. */
function compileTotal(name: string, given: Readonly<Record<string, unknown>>, fields: readonly AvroField[], path: Path): Total {
  refuseOtherKeys(given, ['total'], path);
  const [list = '', column = ''] = asText(given['total'], [...path, 'total']).split('.');
  const type: AvroType | undefined = fields.find((field) => field.name === list)?.type;
  if (type?.kind !== 'records' || !type.fields.some((field) => field.name === column)) {
    throw new SpecError([...path, 'total'], 'must be list.field of the same event, such as lines.amountMinor');
  }
  return (event) => {
    const items = event[list] as readonly EventData[];
    const sum = items.reduce((total, item) => total + Number(item[column]), 0);
    if (!Number.isSafeInteger(sum)) throw new RowError(`${name}: number too large`, String(sum));
    event[name] = sum;
  };
}

function named<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RowError) throw new RowError(`${name}: ${error.reason}`, error.detail);
    throw error;
  }
}
