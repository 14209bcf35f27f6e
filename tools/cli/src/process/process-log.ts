import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { systemCode } from '../cli-errors.js';

const KEPT_FILES = 3;
const LONGEST_LINE = 64 * 1024;
const REMEMBERED_LINES = 40;

/** What one process says, as JSON lines in one file that is rotated by size; the last lines stay in memory to name a death's cause. */
export class ProcessLog {
  private descriptor: number;
  private size: number;
  private closed = false;
  private readonly recent: string[] = [];

  constructor(
    readonly file: string,
    private readonly name: string,
    private readonly maxBytes: number,
  ) {
    mkdirSync(dirname(file), { recursive: true });
    this.descriptor = openSync(file, 'a', 0o600);
    this.size = fstatSync(this.descriptor).size;
  }

  /** Writes every line of the stream; resolves at its end. */
  async follow(stream: Readable): Promise<void> {
    let rest = '';
    stream.setEncoding('utf8');
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.write(line);
      if (rest.length > LONGEST_LINE) {
        this.write(rest);
        rest = '';
      }
    }
    if (rest !== '') this.write(rest);
  }

  /** One line of a process: JSON objects are kept as they are, other text is wrapped. */
  write(line: string): void {
    const text = line.trimEnd();
    if (text === '') return;
    this.recent.push(text);
    if (this.recent.length > REMEMBERED_LINES) this.recent.shift();
    this.append(isJsonObject(text) ? text : JSON.stringify({ time: new Date().toISOString(), level: levelOf(text), name: this.name, msg: text }));
  }

  /** What the supervisor itself has to say about the process. */
  note(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.append(JSON.stringify({ time: new Date().toISOString(), level: 'info', name: 'supervisor', msg: message, ...fields }));
  }

  /** The line that most likely tells why the process died. */
  cause(): string {
    return likelyCause(this.recent);
  }

  /** Safe to call twice. */
  close(): void {
    if (!this.closed) closeSync(this.descriptor);
    this.closed = true;
  }

  private append(text: string): void {
    if (this.closed) return;
    const bytes = Buffer.from(`${text}\n`);
    try {
      if (this.size > 0 && this.size + bytes.length > this.maxBytes) this.rotate();
      writeSync(this.descriptor, bytes);
      this.size += bytes.length;
    } catch (error) {
      // On a full disk a log line is lost rather than the process.
      if (systemCode(error) !== 'ENOSPC') throw error;
    }
  }

  private rotate(): void {
    closeSync(this.descriptor);
    rmSync(`${this.file}.${String(KEPT_FILES)}`, { force: true });
    for (let number = KEPT_FILES - 1; number >= 1; number -= 1) {
      if (existsSync(`${this.file}.${String(number)}`)) {
        renameSync(`${this.file}.${String(number)}`, `${this.file}.${String(number + 1)}`);
      }
    }
    renameSync(this.file, `${this.file}.1`);
    this.descriptor = openSync(this.file, 'a', 0o600);
    this.size = 0;
  }
}

/** PostgreSQL and the JVMs write everything to standard error: the text tells what is one. */
function levelOf(text: string): 'info' | 'error' {
  return /\b(ERROR|FATAL|PANIC|SEVERE)\b|Exception\b|Traceback/.test(text) ? 'error' : 'info';
}

/** The last line that speaks of an error, else the last that is no stack frame, else a plain sentence. At most 300 characters. */
export function likelyCause(lines: readonly string[]): string {
  const messages = lines.map(messageOf).filter((line) => line !== '' && !/^\s*(at |\.\.\. \d+ more|Node\.js v\d)/.test(line));
  const telling = messages.findLast((line) => /error|exception|fatal|denied|cannot|could not|refused|no such|not found/i.test(line));
  return (telling ?? messages.at(-1) ?? 'it ended without a word').slice(0, 300);
}

function messageOf(line: string): string {
  if (!isJsonObject(line)) return line;
  const parsed: unknown = JSON.parse(line);
  if (typeof parsed !== 'object' || parsed === null) return line;
  const message = 'msg' in parsed && typeof parsed.msg === 'string' ? parsed.msg : '';
  const error = 'err' in parsed && typeof parsed.err === 'object' && parsed.err !== null ? parsed.err : null;
  const detail = error !== null && 'message' in error && typeof error.message === 'string' ? error.message : '';
  return detail === '' || message.includes(detail) ? message : `${message}: ${detail}`;
}

function isJsonObject(text: string): boolean {
  if (!text.startsWith('{') || !text.endsWith('}')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
