import { readdir } from 'node:fs/promises';
import { dirname, join as joinPath } from 'node:path';
import { type CsvFormat, readCsv } from './csv.reader.js';
import { ImportInputError } from './import.errors.js';
import { type InputFile, nameFits, openFile } from './input.files.js';
import { type JsonFormat, readJson } from './json.reader.js';
import { type BrokenRow, type PlacedRow, type Row, isBroken } from './row.types.js';
import { type Evaluator, type RowFinder, type Scope } from './scope.js';
import { toText } from './value.conversion.js';

export type RowFormat = { readonly kind: 'csv'; readonly csv: CsvFormat } | { readonly kind: 'json'; readonly json: JsonFormat };

/** Another file, looked up by key. Its rows are held in memory, cut down to the columns the mapping reads. */
export class JoinTable {
  private readonly rows = new Map<string, Row[]>();
  private loaded = false;

  constructor(
    readonly name: string,
    /** Pattern of the file's name. */
    readonly file: string,
    readonly key: string,
    /** Column by which the rows of a key are sorted; as numbers where they are. */
    readonly order: string | null,
    readonly format: RowFormat,
    private readonly on: Evaluator,
  ) {}

  readonly find: RowFinder = (scope: Scope) => {
    const key = toText(this.on(scope));
    return key === null ? [] : (this.rows.get(key) ?? []);
  };

  get isLoaded(): boolean {
    return this.loaded;
  }

  /** Reads the file; returns what could not be read. `columns`: all that the mapping reads of it. */
  async load(path: string, columns: ReadonlySet<string>): Promise<BrokenRow[]> {
    const needed = new Set([...columns, this.key, ...(this.order === null ? [] : [this.order])]);
    const broken: BrokenRow[] = [];
    for await (const batch of readRows(path, this.format, needed)) {
      for (const item of batch) {
        if (isBroken(item)) broken.push(item);
        else this.put(item.row, needed);
      }
    }
    for (const rows of this.rows.values()) this.sort(rows);
    this.loaded = true;
    return broken;
  }

  private put(row: Row, columns: ReadonlySet<string>): void {
    const key = toText(row.get(this.key));
    if (key === null) return;
    const kept = new SlimRow(Object.fromEntries([...columns].map((column) => [column, row.get(column)])));
    const rows = this.rows.get(key);
    if (rows === undefined) this.rows.set(key, [kept]);
    else rows.push(kept);
  }

  private sort(rows: Row[]): void {
    const { order } = this;
    if (order === null || rows.length < 2) return;
    const rank = (row: Row): string => toText(row.get(order)) ?? '';
    rows.sort((left, right) => rank(left).localeCompare(rank(right), 'en', { numeric: true }));
  }
}

/** Rows of any format. */
export function readRows(path: string, format: RowFormat, needed: ReadonlySet<string>): AsyncGenerator<readonly (PlacedRow | BrokenRow)[]> {
  const { stream } = openFile(path);
  return format.kind === 'csv' ? readCsv(stream, path, format.csv, needed) : readJson(stream, path, layoutFor(path, format.json));
}

/** A `.jsonl` or `.ndjson` file is JSON lines whatever the mapping says. */
export function layoutFor(path: string, format: JsonFormat): JsonFormat {
  return /\.(jsonl|ndjson)(\.gz)?$/i.test(path) ? { ...format, layout: 'jsonl' } : format;
}

/** Where the table's file lies: among the given ones, else beside them. Throws {@link ImportInputError}. */
export async function locate(table: JoinTable, files: readonly InputFile[]): Promise<string> {
  const given = files.find(({ path }) => nameFits(path, table.file));
  if (given !== undefined) return given.path;
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) {
    const beside = (await readdir(folder)).sort().find((name) => nameFits(name, table.file));
    if (beside !== undefined) return joinPath(folder, beside);
  }
  throw new ImportInputError(`${table.file}: not found, neither given nor beside the other files`, `The mapping joins it as "${table.name}": name it too.`);
}

class SlimRow implements Row {
  constructor(private readonly values: Readonly<Record<string, string | boolean | null>>) {}
  get(column: string): string | boolean | null {
    return this.values[column] ?? null;
  }
  items(): readonly Row[] {
    return [];
  }
  content(): unknown {
    return this.values;
  }
}
