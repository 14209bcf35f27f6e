import { Readable, pipeline } from 'node:stream';
import { type CsvError, type Options, parse } from 'csv-parse';
import { ImportInputError } from './import.errors.js';
import { type BrokenRow, ColumnRow, type PlacedRow } from './row.types.js';

const BATCH = 500;
const MAX_RECORD_BYTES = 1 << 20;
const REPLACEMENT = '\uFFFD';

/** How a CSV file is written. */
export interface CsvFormat {
  readonly delimiter: string;
  /** null: quotes mean nothing. */
  readonly quote: string | null;
  readonly encoding: string;
  /** True: the first line holds names, and is no row. */
  readonly header: boolean;
  /** Names of the columns; without them the header's. */
  readonly columns: readonly string[] | null;
  /** Blanks around values do not belong to them. */
  readonly trim: boolean;
  /** Texts that mean "nothing here". */
  readonly nulls: ReadonlySet<string>;
}

interface CsvRecord {
  readonly values: readonly string[];
  readonly line: number;
}

/**
 * Reads rows in batches, with the physical line each begins at. A line that is not CSV, or has too many or too few columns, comes as a
 * {@link BrokenRow}. Throws {@link ImportInputError} where the header lacks a column of `needed`.
 */
export async function* readCsv(
  stream: Readable,
  file: string,
  format: CsvFormat,
  needed: ReadonlySet<string>,
): AsyncGenerator<readonly (PlacedRow | BrokenRow)[]> {
  const broken: BrokenRow[] = [];
  const starts: number[] = [];
  // A failure of the file destroys the parser, and so reaches the loop below: there is nothing left to do in the callback.
  const parser = pipeline(decoded(stream, format.encoding, file), parse(optionsOf(format, file, starts, broken)), () => undefined);
  const header = new Header(format, file, needed);
  let batch: (PlacedRow | BrokenRow)[] = [];
  let read = 0;
  for await (const values of parser as AsyncIterable<string[]>) {
    const row = header.take({ values, line: starts[read] ?? 0 });
    read += 1;
    if (row !== null) batch.push(row);
    if (batch.length < BATCH) continue;
    yield [...batch, ...broken.splice(0)];
    batch = [];
    starts.splice(0, read);
    read = 0;
  }
  yield [...batch, ...broken];
}

class Header {
  private columns: ReadonlyMap<string, number> | null = null;
  private readonly checkUtf8: boolean;

  constructor(
    private readonly format: CsvFormat,
    private readonly file: string,
    private readonly needed: ReadonlySet<string>,
  ) {
    this.checkUtf8 = isUtf8(format.encoding);
    if (!format.header) this.columns = this.index(format.columns ?? []);
  }

  take({ values, line }: CsvRecord): PlacedRow | BrokenRow | null {
    if (this.columns === null) {
      this.columns = this.index(this.format.columns ?? values);
      return null;
    }
    if (values.length === 1 && values[0] === '') return null;
    const row = new ColumnRow(this.columns, values, this.format.nulls);
    const place = { file: this.file, line };
    if (values.length !== this.columns.size) {
      const detail = `${String(values.length)} where ${String(this.columns.size)} are expected`;
      return { ...place, reason: 'wrong number of columns', detail, content: values };
    }
    if (this.checkUtf8 && values.some((value) => value.includes(REPLACEMENT))) {
      return { ...place, reason: 'not UTF-8', detail: 'set input.encoding if the file is in another one', content: row.content() };
    }
    return { ...place, row };
  }

  private index(names: readonly string[]): ReadonlyMap<string, number> {
    const columns = new Map(names.map((name, index) => [name.trim(), index]));
    if (columns.size !== names.length) throw new ImportInputError(`${this.file}: its header names a column twice`, 'List the names under input.columns.');
    const missing = [...this.needed].filter((name) => !columns.has(name));
    if (missing.length > 0) {
      throw new ImportInputError(
        `${this.file}: has no column ${missing.map((name) => `"${name}"`).join(', ')}; it has ${[...columns.keys()].join(', ')}`,
        'Is it the right mapping, delimiter and encoding for this file?',
      );
    }
    return columns;
  }
}

/** `starts` gets the line each record begins at, `broken` what is no record. */
function optionsOf(format: CsvFormat, file: string, starts: number[], broken: BrokenRow[]): Options {
  // csv-parse tells the line a record ends at, and counts a CRLF within quotes twice: so the lines of a record are counted here.
  let next = 1;
  let reported = 0;
  return {
    bom: true,
    delimiter: format.delimiter,
    quote: format.quote === null ? null : Buffer.from(format.quote),
    escape: format.quote,
    trim: format.trim,
    record_delimiter: ['\r\n', '\n'].map((text) => Buffer.from(text)),
    relax_quotes: true,
    relax_column_count: true,
    skip_records_with_error: true,
    max_record_size: MAX_RECORD_BYTES,
    on_record: (values, { lines }) => {
      starts.push(next);
      next += lines - reported > 1 ? 1 + values.reduce((sum, value) => sum + value.split('\n').length - 1, 0) : 1;
      reported = lines;
      return values;
    },
    on_skip: (error: CsvError | undefined) => {
      const lines = error !== undefined && typeof error['lines'] === 'number' ? error['lines'] : reported + 1;
      const last = next + Math.max(0, lines - reported - 1);
      broken.push({ file, line: next, reason: 'not CSV', detail: `${error?.message ?? 'unreadable'} (lines ${String(next)} to ${String(last)})`, content: null });
      next = last + 1;
      reported = lines;
      return undefined;
    },
  };
}

function isUtf8(encoding: string): boolean {
  return /^utf-?8$/i.test(encoding);
}

/** Text of the bytes. UTF-8 goes through untouched: the parser reads it as it is. */
export function decoded(stream: Readable, encoding: string, file: string): Readable {
  const text = isUtf8(encoding) ? stream : Readable.from(decodeAll(stream, encoding));
  return Readable.from(explained(text, file));
}

async function* explained(stream: Readable, file: string): AsyncGenerator<Buffer | string> {
  try {
    for await (const chunk of stream as AsyncIterable<Buffer | string>) yield chunk;
  } catch (error) {
    throw new ImportInputError(`${file}: ${error instanceof Error ? error.message : String(error)}`, 'Is the file whole?', { cause: error });
  }
}

async function* decodeAll(stream: Readable, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const text = decoder.decode(chunk, { stream: true });
    if (text !== '') yield text;
  }
  const rest = decoder.decode();
  if (rest !== '') yield rest;
}
