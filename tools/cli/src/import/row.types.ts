/** One record of a file: a CSV line, a JSON object, a line of a joined table. */
export interface Row {
  /** A column's text; null where it is absent or one of the input's null words. Booleans keep their type, nested values are `items`' business. */
  get(column: string): string | boolean | null;
  /** Nested records under a column (JSON only). */
  items(column: string): readonly Row[];
  /** The whole record for a report. */
  content(): unknown;
}

/** Where a row lies. */
export interface RowPlace {
  readonly file: string;
  /** Physical line it begins at, from 1; a line break inside quotes counts. */
  readonly line: number;
}

export interface PlacedRow extends RowPlace {
  readonly row: Row;
}

/** Something that could not even be read as a row. */
export interface BrokenRow extends RowPlace {
  readonly reason: string;
  readonly detail: string | null;
  readonly content: unknown;
}

export function isBroken(item: PlacedRow | BrokenRow): item is BrokenRow {
  return 'reason' in item;
}

/** A CSV line; the index of its columns is shared by all lines of a file. */
export class ColumnRow implements Row {
  constructor(
    private readonly columns: ReadonlyMap<string, number>,
    private readonly values: readonly string[],
    private readonly nulls: ReadonlySet<string>,
  ) {}

  get(column: string): string | null {
    const index = this.columns.get(column);
    const value = index === undefined ? undefined : this.values[index];
    return value === undefined || this.nulls.has(value) ? null : value;
  }

  items(): readonly Row[] {
    return [];
  }

  content(): Record<string, string> {
    return Object.fromEntries([...this.columns].map(([name, index]) => [name, this.values[index] ?? '']));
  }
}

/** A JSON object; `a.b` reaches into nested objects. Numbers are the text they were written as. */
export class ObjectRow implements Row {
  constructor(
    private readonly value: object,
    private readonly nulls: ReadonlySet<string>,
  ) {}

  get(column: string): string | boolean | null {
    const value = this.reach(column);
    if (typeof value === 'string') return this.nulls.has(value) ? null : value;
    return typeof value === 'boolean' ? value : null;
  }

  items(column: string): readonly Row[] {
    const value = this.reach(column);
    if (!Array.isArray(value)) return [];
    return value.filter((item): item is object => typeof item === 'object' && item !== null).map((item) => new ObjectRow(item, this.nulls));
  }

  content(): unknown {
    return this.value;
  }

  private reach(column: string): unknown {
    if (Object.hasOwn(this.value, column)) return Reflect.get(this.value, column);
    let value: unknown = this.value;
    for (const step of column.split('.')) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return null;
      value = Reflect.get(value, step);
    }
    return value;
  }
}
