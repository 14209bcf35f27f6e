import type { Readable } from 'node:stream';
import { decoded } from './csv.reader.js';
import { quoted } from './import.errors.js';
import { type JsonPiece, JsonSplitter } from './json.splitter.js';
import { type BrokenRow, ObjectRow, type PlacedRow } from './row.types.js';

export interface JsonFormat {
  /** `jsonl`: one object a line, so that a broken line spoils no other. */
  readonly layout: 'json' | 'jsonl';
  readonly encoding: string;
  readonly nulls: ReadonlySet<string>;
}

/** Reads the objects of a JSON array, of JSON lines, or of a plain sequence, in batches. */
export async function* readJson(stream: Readable, file: string, format: JsonFormat): AsyncGenerator<readonly (PlacedRow | BrokenRow)[]> {
  const splitter = format.layout === 'jsonl' ? new LineSplitter() : new JsonSplitter();
  const decoder = new TextDecoder();
  for await (const chunk of decoded(stream, format.encoding, file) as AsyncIterable<Buffer | string>) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    yield Array.from(splitter.push(text), (piece) => toRow(piece, file, format.nulls));
  }
  yield Array.from(splitter.end(), (piece) => toRow(piece, file, format.nulls));
}

class LineSplitter {
  private line = 1;
  private rest = '';

  *push(chunk: string): Generator<JsonPiece> {
    const lines = (this.rest + chunk).split('\n');
    this.rest = lines.pop() ?? '';
    for (const text of lines) {
      if (text.trim() !== '') yield { text: text.replace(/^\uFEFF/, ''), line: this.line };
      this.line += 1;
    }
  }

  *end(): Generator<JsonPiece> {
    if (this.rest.trim() !== '') yield { text: this.rest, line: this.line };
  }
}

function toRow({ text, line }: JsonPiece, file: string, nulls: ReadonlySet<string>): PlacedRow | BrokenRow {
  let value: unknown;
  try {
    value = JSON.parse(text, keepNumbers);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { file, line, reason: 'not JSON', detail, content: text.slice(0, 1000) };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { file, line, reason: 'not a JSON object', detail: quoted(text), content: text.slice(0, 1000) };
  }
  return { file, line, row: new ObjectRow(value, nulls) };
}

/** Numbers stay the text they were written as: a float would lose ids beyond 2^53 and digits of money. */
function keepNumbers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}
