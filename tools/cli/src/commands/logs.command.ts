import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { CliError, EXIT } from '../cli-errors.js';
import { loadConfig } from '../config/cli.config.js';
import { layoutOf } from '../config/layout.js';
import { print } from './output.js';

const POLL_MS = 200;

interface LogsOptions {
  readonly follow?: true;
  readonly lines: number;
  readonly json?: true;
}

export function logsCommand(): Command {
  return new Command('logs')
    .description('what the processes say')
    .argument('[name]', 'of one process; without it all of them, mixed by time')
    .option('-f, --follow', 'go on with what comes')
    .option('-n, --lines <count>', 'lines to begin with, of each process', wholeNumber, 20)
    .option('--json', 'as it is in the files')
    .action(async (name: string | undefined, options: LogsOptions) => {
      const layout = layoutOf(loadConfig().home);
      const names = namesOf(layout.logs);
      if (name !== undefined && !names.includes(name)) {
        throw new CliError(`No log of "${name}"`, names.length === 0 ? 'Nothing has run yet.' : `There are: ${names.join(', ')}`, EXIT.usage);
      }
      const chosen = name === undefined ? names : [name];
      const show = (line: string) => { print(options.json === true ? line : renderLine(line)); };
      const lines = chosen.flatMap((one) => lastLines(layout.logFile(one), options.lines));
      for (const line of lines.toSorted((left, right) => timeOf(left).localeCompare(timeOf(right)))) show(line);
      if (options.follow === true) await follow(chosen.map(layout.logFile), show);
    });
}

/** `{"time":…,"level":…,"name":…,"msg":…}` as one line for people; text that is none of that as it is. */
export function renderLine(line: string): string {
  const entry = parseEntry(line);
  if (entry === null) return line;
  const { time, level, name, service, msg, err } = entry;
  const clock = new Date(time).toISOString().slice(11, 23);
  return `${clock} ${levelName(level).padEnd(5)} ${(name ?? service ?? '').padEnd(12)} ${msg ?? ''}${err?.message === undefined ? '' : ` (${err.message})`}`;
}

const entrySchema = z.object({
  time: z.union([z.string(), z.number()]),
  level: z.union([z.string(), z.number()]).default('info'),
  name: z.string().optional(),
  service: z.string().optional(),
  msg: z.string().optional(),
  err: z.object({ message: z.string().optional() }).optional(),
});

function parseEntry(line: string): z.infer<typeof entrySchema> | null {
  try {
    const entry = entrySchema.parse(JSON.parse(line));
    return Number.isNaN(new Date(entry.time).getTime()) ? null : entry;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

function levelName(level: string | number): string {
  const PINO: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };
  return typeof level === 'string' ? level : (PINO[level] ?? String(level));
}

function timeOf(line: string): string {
  const entry = parseEntry(line);
  return entry === null ? '' : new Date(entry.time).toISOString();
}

function namesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((file) => file.endsWith('.log')).map((file) => basename(file, '.log')).toSorted();
}

function lastLines(file: string, count: number): string[] {
  return readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').slice(-count);
}

/** Shows what is appended, also after a rotation, until the command is ended. */
async function follow(files: readonly string[], show: (line: string) => void): Promise<void> {
  const tails = files.map((file) => ({ file, ...openAtEnd(file), rest: '' }));
  for (;;) {
    for (const tail of tails) {
      readNew(tail, show);
      if (existsSync(tail.file) && statSync(tail.file).ino !== tail.inode) {
        closeSync(tail.descriptor);
        Object.assign(tail, openAtEnd(tail.file), { offset: 0 });
        readNew(tail, show);
      }
    }
    await delay(POLL_MS);
  }
}

interface Tail {
  readonly descriptor: number;
  offset: number;
  rest: string;
}

function readNew(tail: Tail, show: (line: string) => void): void {
  const { size } = fstatSync(tail.descriptor);
  if (size <= tail.offset) return;
  const bytes = Buffer.alloc(size - tail.offset);
  const read = readSync(tail.descriptor, bytes, 0, bytes.length, tail.offset);
  tail.offset += read;
  const lines = (tail.rest + bytes.toString('utf8', 0, read)).split('\n');
  tail.rest = lines.pop() ?? '';
  for (const line of lines) if (line !== '') show(line);
}

function openAtEnd(file: string): { descriptor: number; offset: number; inode: number } {
  const descriptor = openSync(file, 'r');
  const { size, ino } = fstatSync(descriptor);
  return { descriptor, offset: size, inode: ino };
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
