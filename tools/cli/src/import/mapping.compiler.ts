import { type EventContract, contracts } from '@millrace/contracts';
import { CompileContext, type LookupTable, type Path, at } from './compile.context.js';
import { compileCondition } from './condition.compiler.js';
import { type CsvFormat } from './csv.reader.js';
import { parseDuration } from './duration.js';
import { type EventBuilder, compileBuilder } from './event.builder.js';
import { compileExpression } from './expression.compiler.js';
import { SpecError } from './import.errors.js';
import { type RowFormat, JoinTable } from './join.table.js';
import { type FormatSpec, type InputSpec, type MappingSpec, type OutputSpec } from './mapping.schema.js';
import { type Evaluator, type RowFinder, type Test } from './scope.js';
import { TimeZone } from './time-zone.js';

/** Topics of what a shop tells; the others are computed. */
const IMPORTABLE = contracts.filter(({ topic }) => topic.startsWith('shop.'));

/** A mapping ready to run. */
export interface Mapping {
  readonly id: string;
  readonly title: string;
  readonly timeZone: string;
  /** null: sort everything; else the stretch of time within which rows may be out of order. */
  readonly windowMs: number | null;
  readonly inputs: readonly MappingInput[];
  /** All outputs of all inputs; a draft names its own by its place here. */
  readonly outputs: readonly MappingOutput[];
}

export interface MappingInput {
  readonly files: readonly string[] | null;
  readonly format: RowFormat;
  /** Columns that must be in a header. */
  readonly columns: ReadonlySet<string>;
  readonly joins: readonly { readonly table: JoinTable; readonly columns: ReadonlySet<string> }[];
  readonly rejects: readonly { readonly when: Test; readonly reason: string }[];
  readonly outputs: readonly MappingOutput[];
}

export interface MappingOutput {
  readonly index: number;
  readonly name: string;
  readonly contract: EventContract<unknown>;
  readonly type: string;
  readonly when: Test;
  readonly at: Evaluator;
  readonly key: readonly Evaluator[];
  readonly occurrence: boolean;
  readonly grouped: boolean;
  readonly orderByTime: boolean;
  readonly builder: EventBuilder;
}

/** Compiles a mapping; throws {@link SpecError} with the place of the first fault. */
export function compileMapping(spec: MappingSpec): Mapping {
  const lookups = new Map(Object.entries(spec.lookups).map(([name, table]): [string, LookupTable] => [name, new Map(Object.entries(table))]));
  at(['timeZone'], () => new TimeZone(spec.timeZone));
  const outputs: MappingOutput[] = [];
  const inputs = spec.inputs.map((input, index) => compileInput(input, spec, lookups, outputs, ['inputs', index]));
  const windowMs = spec.sort === 'full' ? null : at(['sort'], () => parseDuration(spec.sort));
  if (windowMs !== null && outputs.some(({ grouped }) => grouped)) throw new SpecError(['sort'], 'must be full where an output groups rows');
  return { id: spec.mapping, title: spec.title, timeZone: spec.timeZone, windowMs, inputs, outputs };
}

function compileInput(
  spec: InputSpec,
  mapping: MappingSpec,
  lookups: ReadonlyMap<string, LookupTable>,
  outputs: MappingOutput[],
  path: Path,
): MappingInput {
  const finders = new Map<string, RowFinder>();
  const context = new CompileContext({
    defaultZone: mapping.timeZone,
    policy: mapping.clockChange,
    lookups,
    joins: finders,
    compileTest: compileCondition,
  });
  const tables = Object.entries(spec.joins).map(([name, join]) => {
    // A join sees those declared before it: no ring can come about.
    const { file, key, order, on, ...format } = join;
    const rowFormat = compileFormat({ ...spec, columns: undefined, ...withoutUndefined(format) });
    const table = new JoinTable(name, file, key, order ?? null, rowFormat, compileExpression(on, context, [...path, 'joins', name, 'on']));
    finders.set(name, table.find);
    return table;
  });
  const rejects = spec.reject.map((rule, index) => ({
    when: compileCondition(rule.when, context, [...path, 'reject', index, 'when']),
    reason: rule.reason,
  }));
  const own = spec.outputs.map((output, index) => {
    const compiled = compileOutput(output, context, [...path, 'outputs', index], outputs.length);
    outputs.push(compiled);
    return compiled;
  });
  const optional = new Set(spec.optional);
  return {
    files: spec.files ?? null,
    format: compileFormat(spec),
    columns: new Set([...context.columns].filter((column) => !optional.has(column))),
    joins: tables.map((table) => ({ table, columns: context.joinColumns.get(table.name) ?? new Set<string>() })),
    rejects,
    outputs: own,
  };
}

function compileOutput(spec: OutputSpec, context: CompileContext, path: Path, index: number): MappingOutput {
  const contract = IMPORTABLE.find(({ topic }) => topic === spec.topic);
  if (contract === undefined) {
    throw new SpecError([...path, 'topic'], `"${spec.topic}" is none of ${IMPORTABLE.map(({ topic }) => topic).join(', ')}`);
  }
  const symbols = eventTypes(contract.schema);
  if (!symbols.includes(spec.type)) throw new SpecError([...path, 'type'], `"${spec.type}" is none of ${symbols.join(', ')}`);
  const keySpec = spec.group?.by ?? spec.id;
  if (keySpec === undefined || (spec.group !== undefined && spec.id !== undefined)) {
    throw new SpecError(path, 'needs id, the expressions that tell this event from all others, or group, whose key is the id');
  }
  if (spec.group !== undefined && spec.occurrence) throw new SpecError([...path, 'occurrence'], 'makes no sense with group');
  const builder = compileBuilder(contract, spec.fields, context, [...path, 'fields']);
  if (spec.group !== undefined && builder.lists.length === 0) throw new SpecError([...path, 'group'], `${contract.name} has no list to put lines into`);
  return {
    index,
    name: spec.name,
    contract,
    type: spec.type,
    when: spec.when === undefined ? () => true : compileCondition(spec.when, context, [...path, 'when']),
    at: compileExpression(spec.at, context, [...path, 'at']),
    key: keySpec.map((part, place) => compileExpression(part, context, [...path, spec.group === undefined ? 'id' : 'group', place])),
    occurrence: spec.occurrence,
    grouped: spec.group !== undefined,
    orderByTime: spec.group?.order === 'time',
    builder,
  };
}

function compileFormat(spec: FormatSpec): RowFormat {
  const nulls = new Set(spec.nulls);
  if (spec.format !== 'csv') return { kind: 'json', json: { layout: spec.format, encoding: spec.encoding, nulls } };
  const csv: CsvFormat = { ...spec, columns: spec.columns ?? null, nulls };
  if (!csv.header && csv.columns === null) throw new SpecError(['inputs'], 'a CSV input without header needs columns');
  return { kind: 'csv', csv };
}

function eventTypes(schema: string): readonly string[] {
  const parsed = JSON.parse(schema) as { readonly fields: readonly { readonly name: string; readonly type: { readonly symbols?: readonly string[] } }[] };
  const symbols = parsed.fields.find(({ name }) => name === 'eventType')?.type.symbols ?? [];
  return symbols.filter((symbol) => symbol !== 'UNKNOWN');
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}
