import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { systemCode } from '../cli-errors.js';

const run = promisify(execFile);
const PAGE_BYTES = 4096;

/** One running process as the kernel tells it. */
export interface ProcessInfo {
  readonly pid: number;
  readonly group: number;
  /** When it started, in a form to compare only: clock ticks since boot on Linux, a date elsewhere. */
  readonly startTime: string;
  /** Resident memory, bytes. */
  readonly rss: number;
  readonly name: string;
}

/** All living processes; zombies are left out. */
export async function listProcesses(): Promise<ProcessInfo[]> {
  if (process.platform !== 'linux') return listByPs();
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => readProc(Number(entry)))
    .filter((info) => info !== null);
}

/** The process, or null when there is none (a zombie is none). */
export async function findProcess(pid: number): Promise<ProcessInfo | null> {
  if (process.platform === 'linux') return readProc(pid);
  return (await listByPs()).find((info) => info.pid === pid) ?? null;
}

/** Parses `/proc/PID/stat`: the name stands in brackets and may hold brackets and blanks itself. Null for a zombie. */
export function parseStat(pid: number, stat: string): ProcessInfo | null {
  const close = stat.lastIndexOf(')');
  const fields = stat.slice(close + 2).split(' ');
  const [state, , group] = fields;
  const startTime = fields[19];
  const pages = fields[21];
  if (state === undefined || state === 'Z' || state === 'X' || startTime === undefined) return null;
  return {
    pid,
    group: Number(group),
    startTime,
    rss: Number(pages) * PAGE_BYTES,
    name: stat.slice(stat.indexOf('(') + 1, close),
  };
}

/** Value of one variable in the environment the process was started with; null where that cannot be read. */
export function environmentOf(pid: number, variable: string): string | null {
  try {
    const entries = readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0');
    return entries.find((entry) => entry.startsWith(`${variable}=`))?.slice(variable.length + 1) ?? null;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function readProc(pid: number): ProcessInfo | null {
  try {
    return parseStat(pid, readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '');
}

async function listByPs(): Promise<ProcessInfo[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,pgid=,rss=,stat=,lstart=,comm='], { env: { ...process.env, LC_ALL: 'C' } });
  return stdout.split('\n').flatMap((line) => {
    const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+ +\S+ +\S+ +\S+ +\S+)\s+(.*)$/.exec(line);
    if (found === null || found[4]?.startsWith('Z') === true) return [];
    const [, pid, group, kilobytes, , startTime, name] = found;
    return [{ pid: Number(pid), group: Number(group), rss: Number(kilobytes) * 1024, startTime: startTime ?? '', name: name ?? '' }];
  });
}
