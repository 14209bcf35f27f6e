import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type RowPlace } from './row.types.js';

/** A row that gave no event. */
export interface Rejection extends RowPlace {
  readonly reason: string;
  readonly detail: string | null;
  readonly content: unknown;
}

/** Writes the rejected rows to a file: CSV where its name ends so, else JSON lines. Without a rejection there is no file. */
export class RejectionReport {
  private readonly counts = new Map<string, number>();
  private readonly isCsv: boolean;
  private pending = '';
  private file: FileHandle | null = null;

  constructor(readonly path: string) {
    this.isCsv = /\.csv$/i.test(path);
  }

  /** How many rows by reason. */
  get byReason(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.counts].sort(([, left], [, right]) => right - left));
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  add(rejection: Rejection): void {
    this.counts.set(rejection.reason, (this.counts.get(rejection.reason) ?? 0) + 1);
    const { file, line, reason, detail, content } = rejection;
    this.pending += this.isCsv
      ? `${[file, String(line), reason, detail ?? '', content === null ? '' : JSON.stringify(content)].map(csvField).join(',')}\n`
      : `${JSON.stringify({ file, line, reason, detail, content })}\n`;
  }

  async flush(): Promise<void> {
    if (this.pending === '') return;
    if (this.file === null) {
      await mkdir(dirname(this.path), { recursive: true });
      this.file = await open(this.path, 'w', 0o600);
      if (this.isCsv) await this.file.write('file,line,reason,detail,content\n');
    }
    const text = this.pending;
    this.pending = '';
    await this.file.write(text);
  }

  async close(): Promise<void> {
    await this.flush();
    await this.file?.close();
    this.file = null;
  }
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
