import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCode } from '../cli-errors.js';
import { findProcess } from '../process/process-info.js';

const POLL_MS = 200;

/**
 * Runs the work while no other process does work under the same lock file. The lock of a dead process is taken over; `waiting` is
 * called once with the holder when we must wait.
 */
export async function withLock<T>(file: string, waiting: (holder: string) => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const own = await ownMark();
  let told = false;
  while (!(await take(file, own))) {
    const holder = await read(file);
    if (holder !== null && !(await isAlive(holder))) {
      // Only the one whose removal still sees the dead holder's mark goes on; a lost race costs a round.
      if ((await read(file)) === holder) await rm(file, { force: true });
      continue;
    }
    if (!told && holder !== null) waiting(`pid ${holder.split(' ')[0] ?? '?'}`);
    told = true;
    await delay(POLL_MS);
  }
  try {
    return await work();
  } finally {
    if ((await read(file)) === own) await rm(file, { force: true });
  }
}

async function ownMark(): Promise<string> {
  const info = await findProcess(process.pid);
  return `${String(process.pid)} ${info?.startTime ?? ''}`;
}

/** Makes the file with its content in one step: link(2) fails where the name exists. */
async function take(file: string, mark: string): Promise<boolean> {
  const temporary = `${file}.${String(process.pid)}`;
  await writeFile(temporary, mark);
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function read(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

async function isAlive(mark: string): Promise<boolean> {
  const [pid, ...startTime] = mark.split(' ');
  const info = await findProcess(Number(pid));
  return info !== null && info.startTime === startTime.join(' ');
}
