import { ImportInputError } from './import.errors.js';
import { type InputFile, STDIN, nameFits, openFile } from './input.files.js';
import { layoutFor, locate } from './join.table.js';
import { readCsv } from './csv.reader.js';
import { readJson } from './json.reader.js';
import { type Mapping, type MappingInput } from './mapping.compiler.js';
import { type BrokenRow, type PlacedRow } from './row.types.js';

export interface RowBatch {
  readonly input: MappingInput;
  readonly rows: readonly (PlacedRow | BrokenRow)[];
}

interface Assignment {
  readonly file: InputFile;
  readonly input: MappingInput;
}

/** The rows of all files, each file read by the input of the mapping that takes it. */
export class RowSource {
  private readonly assignments: readonly Assignment[];
  private readonly joined: ReadonlySet<string>;
  private done = 0;
  private current: (() => number) | null = null;

  /** Throws {@link ImportInputError} where a named file is none of the mapping's, or a joined one is not there. */
  constructor(
    mapping: Mapping,
    private readonly files: readonly InputFile[],
  ) {
    this.joined = new Set(mapping.inputs.flatMap(({ joins }) => joins.map(({ table }) => table.file)));
    this.assignments = files.flatMap((file) => this.assign(mapping, file));
    if (this.assignments.length === 0) throw new ImportInputError('None of the files is for this mapping', `It reads ${patternsOf(mapping)}.`);
  }

  /** Bytes to read, as they lie on disk; null with standard input. */
  get size(): number | null {
    let total = 0;
    for (const { file } of this.assignments) {
      if (file.size === null) return null;
      total += file.size;
    }
    return total;
  }

  get bytesRead(): number {
    return this.done + (this.current?.() ?? 0);
  }

  /** Reads the joined files into memory; returns their unreadable rows. */
  async loadJoins(): Promise<BrokenRow[]> {
    const broken: BrokenRow[] = [];
    for (const input of new Set(this.assignments.map((assignment) => assignment.input))) {
      for (const { table, columns } of input.joins) {
        if (!table.isLoaded) broken.push(...(await table.load(await locate(table, this.files), columns)));
      }
    }
    return broken;
  }

  async *batches(): AsyncGenerator<RowBatch> {
    for (const { file, input } of this.assignments) {
      const { stream, bytesRead } = openFile(file.path);
      this.current = bytesRead;
      const { format } = input;
      const rows =
        format.kind === 'csv'
          ? readCsv(stream, file.path, format.csv, input.columns)
          : readJson(stream, file.path, layoutFor(file.path, format.json));
      for await (const batch of rows) yield { input, rows: batch };
      this.done += bytesRead();
      this.current = null;
    }
  }

  private assign(mapping: Mapping, file: InputFile): Assignment[] {
    const input = mapping.inputs.find(({ files }) => (files === null ? true : files.some((pattern) => nameFits(file.path, pattern))));
    const only = mapping.inputs.length === 1 && !file.found ? mapping.inputs[0] : undefined;
    const isJoined = [...this.joined].some((pattern) => nameFits(file.path, pattern));
    const chosen = input ?? (isJoined ? undefined : only);
    if (chosen !== undefined) return [{ file, input: chosen }];
    if (isJoined || file.found) return [];
    if (file.path === STDIN) throw new ImportInputError('Standard input does not tell which of the mapping\'s files it is', 'Name files instead.');
    throw new ImportInputError(`${file.path}: the mapping reads no file of this name`, `It reads ${patternsOf(mapping)}.`);
  }
}

function patternsOf(mapping: Mapping): string {
  return mapping.inputs.flatMap(({ files }) => files ?? ['any file']).join(', ');
}
