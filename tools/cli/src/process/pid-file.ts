import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { systemCode } from '../cli-errors.js';
import { writeAtomically } from '../config/write-atomically.js';
import { environmentOf, findProcess, listProcesses, type ProcessInfo } from './process-info.js';

/** Variable that marks every process of a stack with its home, so that stragglers of a dead group can be told from strangers. */
export const INSTANCE_VARIABLE = 'MILLRACE_INSTANCE';

const record = z.object({
  name: z.string(),
  pid: z.number().int().positive(),
  startTime: z.string(),
  instance: z.string(),
});

/** A started process, remembered with its start time: a pid alone may be another program's by now. */
export type PidRecord = z.infer<typeof record>;

export function pidFilePath(folder: string, name: string): string {
  return join(folder, `${name}.pid`);
}

/** Remembers a running process. Returns null, and writes nothing, when it is gone already. */
export async function writePidFile(folder: string, name: string, pid: number, instance: string): Promise<PidRecord | null> {
  const info = await findProcess(pid);
  if (info === null) return null;
  const written: PidRecord = { name, pid, startTime: info.startTime, instance };
  await writeAtomically(pidFilePath(folder, name), `${JSON.stringify(written)}\n`);
  return written;
}

/** The record, or null when there is none or it cannot be read as one (a torn write of a dying machine). */
export async function readPidFile(folder: string, name: string): Promise<PidRecord | null> {
  let text: string;
  try {
    text = await readFile(pidFilePath(folder, name), 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
  const parsed = record.safeParse(parseJson(text));
  return parsed.success ? parsed.data : null;
}

export async function removePidFile(folder: string, name: string): Promise<void> {
  await rm(pidFilePath(folder, name), { force: true });
}

/** Names of all pid files in the folder. */
export async function listPidFiles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((file) => file.endsWith('.pid')).map((file) => file.slice(0, -'.pid'.length));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** True while exactly the remembered process runs. */
export async function isRunning(remembered: PidRecord): Promise<boolean> {
  return (await findProcess(remembered.pid))?.startTime === remembered.startTime;
}

/**
 * The living members of the remembered process's group. A member counts when the leader is the remembered one, or when the leader is
 * gone and the member carries the stack's mark; a group that a stranger now leads under the same number has none.
 */
export async function groupMembers(remembered: PidRecord): Promise<ProcessInfo[]> {
  const members = (await listProcesses()).filter((info) => info.group === remembered.pid);
  const leader = members.find((info) => info.pid === remembered.pid);
  if (leader !== undefined) return leader.startTime === remembered.startTime ? members : [];
  return members.filter((info) => environmentOf(info.pid, INSTANCE_VARIABLE) === remembered.instance);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
