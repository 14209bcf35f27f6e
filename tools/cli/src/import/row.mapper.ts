import { findViolation } from '@millrace/contracts';
import { type EventData } from './event.builder.js';
import { RowError, quoted } from './import.errors.js';
import { type Mapping, type MappingInput, type MappingOutput } from './mapping.compiler.js';
import { type Row } from './row.types.js';
import { type Scope, type Value } from './scope.js';
import { toText, toWhole } from './value.conversion.js';

/** First and last time that Millrace takes as an event's: docs/architecture.md, `event-time`. */
const EARLIEST = Date.UTC(2000, 0, 1);
const AHEAD_MS = 5 * 60_000;
/** Text of one event beyond which it could exceed the largest record. */
const MAX_CHARACTERS = 300_000;

/** An event of one row, or one row's share of an event. Plain JSON: it may be written to a file meanwhile. */
export interface Draft {
  /** Place of its output in the mapping. */
  readonly output: number;
  readonly key: readonly (string | null)[];
  /** UTC ms. */
  readonly at: number;
  readonly event: EventData;
}

/** Turns rows into drafts. */
export class RowMapper {
  constructor(
    private readonly mapping: Mapping,
    /** Times are shifted later on: then any is good. */
    private readonly anyTime: boolean,
    private readonly now: number,
  ) {}

  /** All events of the row, or none: throws {@link RowError} with the first reason. */
  map(input: MappingInput, row: Row): Draft[] {
    const scope: Scope = { row, bound: {} };
    for (const rule of input.rejects) if (rule.when(scope)) throw new RowError(rule.reason);
    const drafts = input.outputs.filter((output) => output.when(scope)).map((output) => this.draft(output, scope));
    if (drafts.length === 0) throw new RowError('no output takes this row');
    return drafts;
  }

  /** The lines of one group as one event, in the order of the file or of their times. Throws {@link RowError}. */
  merge(drafts: readonly Draft[]): Draft {
    const [first, ...rest] = drafts;
    const output = this.mapping.outputs[first?.output ?? -1];
    if (first === undefined || output === undefined) throw new RangeError('a group has at least one line, of an output of the mapping');
    const event = { ...first.event };
    for (const list of output.builder.lists) {
      event[list] = [first, ...rest].flatMap((draft) => draft.event[list] as readonly unknown[]);
    }
    output.builder.total(event);
    check(output, event);
    return { ...first, event };
  }

  private draft(output: MappingOutput, scope: Scope): Draft {
    const at = this.timeOf(output, scope);
    const event = output.builder.build(scope);
    check(output, event);
    return { output: output.index, key: output.key.map((part) => toText(part(scope))), at, event };
  }

  private timeOf(output: MappingOutput, scope: Scope): number {
    let value: Value;
    try {
      value = output.at(scope);
    } catch (error) {
      if (error instanceof RowError) throw new RowError(`time: ${error.reason}`, error.detail);
      throw error;
    }
    if (value === null) throw new RowError('time: is missing');
    const at = toWhole(value);
    if (this.anyTime) return at;
    if (at < EARLIEST) throw new RowError('time: before 2000', quoted(new Date(at).toISOString()));
    if (at > this.now + AHEAD_MS) throw new RowError('time: in the future', quoted(new Date(at).toISOString()));
    return at;
  }
}

/** The contract's own rules, so that a row that breaks one is reported here and not by a consumer. */
function check(output: MappingOutput, event: EventData): void {
  const violation = findViolation(output.contract, event);
  if (violation !== null) {
    const [field = '', ...reason] = violation.split(': ');
    throw new RowError(`${field.replace(/\[\d+\]/g, '[]')}: breaks a rule of ${output.contract.name}`, reason.join(': '));
  }
  if (sizeOf(event) > MAX_CHARACTERS) throw new RowError('too large for one record');
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 4;
  let size = 8;
  for (const key in value) size += sizeOf(Reflect.get(value, key));
  return size;
}
