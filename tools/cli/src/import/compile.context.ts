import { SpecError } from './import.errors.js';
import { type RowFinder, type Test, type Value } from './scope.js';
import { type ClockChangePolicy, TimeZone } from './time-zone.js';

export type Path = readonly (string | number)[];
export type LookupTable = ReadonlyMap<string, Value>;
export type TestCompiler = (spec: unknown, context: CompileContext, path: Path) => Test;

/** What a mapping has that its parts may refer to. */
export interface CompileScope {
  readonly defaultZone: string;
  readonly policy: ClockChangePolicy;
  readonly lookups: ReadonlyMap<string, LookupTable>;
  readonly joins: ReadonlyMap<string, RowFinder>;
  /** Expressions hold conditions and conditions hold expressions: the one that is lower gets the other here. */
  readonly compileTest: TestCompiler;
}

/** What the parts of a mapping may refer to while they are compiled; it notes which columns the mapping reads. */
export class CompileContext {
  /** Columns of the input that some expression reads. */
  readonly columns = new Set<string>();
  /** Columns that some expression reads of each join. */
  readonly joinColumns = new Map<string, Set<string>>();
  private readonly zones = new Map<string, TimeZone>();

  constructor(private readonly scope: CompileScope) {}

  get lookups(): ReadonlyMap<string, LookupTable> {
    return this.scope.lookups;
  }

  get joins(): ReadonlyMap<string, RowFinder> {
    return this.scope.joins;
  }

  test(spec: unknown, path: Path): Test {
    return this.scope.compileTest(spec, this, path);
  }

  zone(name: string = this.scope.defaultZone): TimeZone {
    const known = this.zones.get(name) ?? new TimeZone(name, this.scope.policy);
    this.zones.set(name, known);
    return known;
  }

  noteJoinColumn(join: string, column: string): void {
    const known = this.joinColumns.get(join) ?? new Set();
    known.add(column);
    this.joinColumns.set(join, known);
  }
}

/** Runs a compiling step; a {@link SpecError} without a place gets this one. */
export function at<T>(path: Path, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof SpecError && error.path.length === 0) throw new SpecError(path, error.reason);
    throw error;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The single key of `{name: argument}`. */
export function onlyEntry(spec: Readonly<Record<string, unknown>>, path: Path): readonly [string, unknown] {
  const entries = Object.entries(spec);
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1) {
    throw new SpecError(path, `needs exactly one key, has ${entries.map(([key]) => key).join(', ') || 'none'}`);
  }
  return entry;
}

export function asText(value: unknown, path: Path): string {
  if (typeof value === 'string') return value;
  throw new SpecError(path, 'must be a text');
}

export function asWhole(value: unknown, path: Path): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new SpecError(path, 'must be a whole number');
}

export function asList(value: unknown, path: Path): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new SpecError(path, 'must be a list');
}

/** Refuses keys that nobody reads: a misspelt key must not be silent. */
export function refuseOtherKeys(spec: Readonly<Record<string, unknown>>, known: readonly string[], path: Path): void {
  const other = Object.keys(spec).filter((key) => !known.includes(key));
  if (other.length > 0) throw new SpecError(path, `does not know ${other.map((key) => `"${key}"`).join(', ')}; knows ${known.join(', ')}`);
}
