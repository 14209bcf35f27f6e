import { setTimeout as delay } from 'node:timers/promises';
import { groupMembers, isRunning, listPidFiles, readPidFile, removePidFile, type PidRecord } from '../process/pid-file.js';
import { signalGroup } from '../process/supervised-process.js';

/** Name of the supervisor's own pid file. */
export const SUPERVISOR = 'supervisor';
const GRACE_MS = 10_000;
const POLL_MS = 50;

/** Processes of a stack that still run, by their pid files; without a supervisor they are orphans. */
export async function findOrphans(run: string): Promise<PidRecord[]> {
  const names = (await listPidFiles(run)).filter((name) => name !== SUPERVISOR);
  const records = (await Promise.all(names.map((name) => readPidFile(run, name)))).filter((record) => record !== null);
  const alive: PidRecord[] = [];
  for (const record of records) if ((await groupMembers(record)).length > 0) alive.push(record);
  return alive;
}

/** Ends what a supervisor that was killed has left behind, and removes its pid files. Returns the names of the processes ended. */
export async function endOrphans(run: string): Promise<string[]> {
  const orphans = await findOrphans(run);
  await Promise.all(orphans.map((record) => endGroup(record)));
  await Promise.all((await listPidFiles(run)).map((name) => removePidFile(run, name)));
  return orphans.map(({ name }) => name);
}

/** True while the supervisor whose pid file lies there runs. */
export async function isSupervisorRunning(run: string): Promise<boolean> {
  const record = await readPidFile(run, SUPERVISOR);
  return record !== null && (await isRunning(record));
}

async function endGroup(record: PidRecord): Promise<void> {
  signalGroup(record.pid, 'SIGTERM');
  const deadline = performance.now() + GRACE_MS;
  while ((await groupMembers(record)).length > 0) {
    if (performance.now() > deadline) signalGroup(record.pid, 'SIGKILL');
    await delay(POLL_MS);
  }
}
