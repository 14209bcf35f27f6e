import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';

/** A file that a user wrote cannot be used. Each problem is one line: file, line, field, reason. */
export class FileError extends Error {
  override readonly name: string = 'FileError';
  constructor(
    readonly file: string,
    readonly problems: readonly string[],
  ) {
    super(problems.join('\n'));
  }
}

/** The problem with a file that reading failed for. */
export function unreadable(path: string, error: unknown): FileError {
  return new FileError(path, [`${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
}

/** A YAML file that knows on which line everything stands. */
export class YamlFile {
  readonly data: unknown;

  private constructor(
    readonly file: string,
    readonly text: string,
    private readonly document: Document,
    private readonly lines: LineCounter,
  ) {
    this.data = document.toJS({ maxAliasCount: 50 });
  }

  /** Reads the file at `path`. Throws {@link FileError}, also where there is none. */
  static read(path: string): YamlFile {
    try {
      return YamlFile.parse(path, readFileSync(path, 'utf8'));
    } catch (error) {
      if (error instanceof FileError) throw error;
      throw unreadable(path, error);
    }
  }

  /** Reads YAML text; `file` is only named in problems. Throws {@link FileError} with all that is wrong with its syntax. */
  static parse(file: string, text: string): YamlFile {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    if (document.errors.length > 0) {
      throw new FileError(file, document.errors.map(({ message, pos }) => `${file}:${lines.linePos(pos[0]).line}: ${message}`));
    }
    return new YamlFile(file, text, document, lines);
  }

  /** A problem with what stands at `path`, as one line; `subject` says of what the path is a part. */
  problem(path: readonly PropertyKey[], reason: string, subject: { readonly name: string; readonly path: readonly PropertyKey[] } = { name: '', path: [] }): string {
    const field = path.length === 0 ? '' : `${path.map(String).join('.')}: `;
    const line = this.lines.linePos(this.#offset([...subject.path, ...path])).line;
    return `${this.file}:${line}: ${subject.name === '' ? '' : `${subject.name}: `}${field}${reason}`;
  }

  /** The file's content by a schema. Throws {@link FileError} with all that does not fit; `reason` may say it better than zod. */
  as<T>(schema: z.ZodType<T>, reason: (issue: z.core.$ZodIssue) => string = ({ message }) => message): T {
    const parsed = schema.safeParse(this.data);
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.flatMap((issue) =>
      // Unknown keys stand in the object that has them: each is shown where it is.
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => this.problem([...issue.path, key], reason({ ...issue, keys: [key] }))) : [this.problem(issue.path, reason(issue))],
    );
    throw new FileError(this.file, problems);
  }

  /** Where the nearest existing node on the way to `path` begins. */
  #offset(path: readonly PropertyKey[]): number {
    for (let length = path.length; length > 0; length -= 1) {
      const key = path[length - 1];
      const parent: unknown = this.document.getIn(path.slice(0, length - 1), true);
      const pair = hasItems(parent) ? parent.items.find((item) => isPair(item) && item.key.value === key) : undefined;
      if (isPair(pair)) return pair.key.range[0];
      const node: unknown = this.document.getIn(path.slice(0, length), true);
      if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) return Number(node.range[0]);
    }
    return 0;
  }
}

function hasItems(node: unknown): node is { readonly items: readonly unknown[] } {
  return typeof node === 'object' && node !== null && 'items' in node && Array.isArray(node.items);
}

interface KeyedPair {
  readonly key: { readonly value: unknown; readonly range: readonly [number, number, number] };
}

function isPair(item: unknown): item is KeyedPair {
  if (typeof item !== 'object' || item === null || !('key' in item)) return false;
  const { key } = item;
  return typeof key === 'object' && key !== null && 'value' in key && 'range' in key && Array.isArray(key.range);
}
