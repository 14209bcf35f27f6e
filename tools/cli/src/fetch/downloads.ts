import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { ChecksumError, CliError, DiskFullError, EXIT, systemCode } from '../cli-errors.js';
import type { CliConfig } from '../config/cli.config.js';
import { findIvy, findJava } from '../stack/toolchain.js';
import { checksumsOf, parseChecksums, verifyFolder, type ChecksumList } from './checksum-list.js';
import { withLock } from './file-lock.js';

/** What is fetched: a configuration of ivy/ivy.xml each, and the folder it becomes in the cache. */
const SETS = {
  'kafka': 'kafka-4.3.0',
  'registry': 'registry-2.6.13',
  'spark-jars': 'spark-jars',
} as const;

export type SetName = keyof typeof SETS;
export const SET_NAMES: readonly SetName[] = ['kafka', 'registry', 'spark-jars'];

/** The jars with Ivy's own copies of them, and the registry unpacked. */
const NEEDED_BYTES = 700 * 2 ** 20;
const STAMP = '.complete';
const LONGEST_DOWNLOAD_MS = 15 * 60_000;

/** Folder of a set in the cache, present or not. */
export function folderOf(config: CliConfig, set: SetName): string {
  return join(config.cache, SETS[set]);
}

/** The sets that are absent from the cache, or there in another version than the checksum list's. */
export async function findMissing(config: CliConfig, sets: readonly SetName[]): Promise<SetName[]> {
  const list = await readList(config);
  const present = await Promise.all(sets.map((set) => isComplete(config, list, set)));
  return sets.filter((_, index) => present[index] !== true);
}

/**
 * Brings the missing sets into the cache: all of a set or nothing, checked against the committed SHA-512 list. Safe when several processes
 * do it at once. Throws {@link CliError}: no network, a wrong checksum, no room.
 */
export async function fetchSets(config: CliConfig, sets: readonly SetName[], say: (message: string) => void): Promise<void> {
  if ((await findMissing(config, sets)).length === 0) return;
  try {
    await mkdir(config.cache, { recursive: true });
    await withLock(join(config.cache, '.lock'), (holder) => { say(`waiting for another download (${holder})`); }, async () => {
      const missing = await findMissing(config, sets);
      if (missing.length > 0) await fetchMissing(config, missing, say);
    });
  } catch (error) {
    if (systemCode(error) === 'ENOSPC') throw new DiskFullError(config.cache, NEEDED_BYTES, null);
    if (['EACCES', 'EROFS', 'EPERM'].includes(systemCode(error) ?? '')) {
      throw new CliError(`${config.cache} cannot be written`, 'Point MILLRACE_CACHE to a folder of yours.', EXIT.disk, { cause: error });
    }
    throw error;
  }
}

async function fetchMissing(config: CliConfig, missing: readonly SetName[], say: (message: string) => void): Promise<void> {
  await assertRoom(config.cache);
  const [list, java] = await Promise.all([readList(config), findJava(config)]);
  const partial = join(config.cache, '.partial');
  const ivyCache = join(config.cache, '.ivy');
  // We hold the lock: what lies there is of a process that was killed.
  await rm(partial, { recursive: true, force: true });
  try {
    say(`fetching ${missing.join(', ')}`);
    await retrieve(config, java, missing, partial);
    for (const set of missing) {
      say(`checking ${set}`);
      const { files, version } = checksumsOf(list, set);
      const folder = join(partial, set);
      await verifyFolder(folder, files);
      if (set === 'registry') await unpack(folder, [...files.keys()]);
      await writeFile(join(folder, STAMP), version);
      await rm(folderOf(config, set), { recursive: true, force: true });
      await rename(folder, folderOf(config, set));
    }
    // Ivy's own copies are wanted only by a fetch that was cut short.
    await rm(ivyCache, { recursive: true, force: true });
  } catch (error) {
    if (error instanceof ChecksumError) await rm(ivyCache, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function retrieve(config: CliConfig, java: string, sets: readonly SetName[], target: string): Promise<void> {
  const folder = join(config.root, 'tools', 'cli', 'ivy');
  const ivy = ['-jar', findIvy(config), '-settings', join(folder, 'ivysettings.xml'), '-ivy', join(folder, 'ivy.xml')];
  const pattern = join(target, '[conf]', '[artifact]-[revision](-[classifier]).[ext]');
  const runs = sets.map(async (set) => {
    const parameters = [...ivy, '-cache', join(config.cache, '.ivy', set), '-confs', set, '-retrieve', pattern];
    const result = await execa(java, parameters, { reject: false, all: true, timeout: LONGEST_DOWNLOAD_MS });
    if (result.exitCode !== 0) throw explain(result.all, config.cache);
  });
  const [failed] = (await Promise.allSettled(runs)).filter((run) => run.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Turns what Ivy says into one sentence. */
export function explain(output: string, cache: string): CliError {
  if (/No space left on device/i.test(output)) return new DiskFullError(cache, NEEDED_BYTES, null);
  const line = output.split('\n').map((text) => text.trim());
  const network = line.find((text) => /UnknownHost|Host \S+ not found|ConnectException|SocketTimeout|NoRouteToHost|SSLHandshake|Server access error|timed out/i.test(text));
  if (network !== undefined) {
    return new CliError(
      `Maven Central cannot be reached (${network.slice(0, 160)})`,
      'Check the network and Java\'s proxy settings (JAVA_TOOL_OPTIONS), then try again: what has arrived is kept.',
      EXIT.temporary,
    );
  }
  const unresolved = line.find((text) => /UNRESOLVED DEPENDENCY|FAILED|not found|Exception/i.test(text)) ?? 'Ivy failed without a word';
  return new CliError(`The jars cannot be fetched: ${unresolved.slice(0, 200)}`, 'Try again; the versions are pinned in tools/cli/ivy/ivy.xml.', EXIT.unavailable);
}

async function unpack(folder: string, archives: readonly string[]): Promise<void> {
  for (const archive of archives) {
    const result = await execa('tar', ['-xzf', join(folder, archive), '-C', folder], { reject: false, all: true });
    if (result.exitCode !== 0) throw explain(result.all, dirname(folder));
    await rm(join(folder, archive));
  }
}

async function assertRoom(cache: string): Promise<void> {
  const { bavail, bsize } = await statfs(cache);
  if (bavail * bsize < NEEDED_BYTES) throw new DiskFullError(cache, NEEDED_BYTES, bavail * bsize);
}

async function isComplete(config: CliConfig, list: ChecksumList, set: SetName): Promise<boolean> {
  const stamp = join(folderOf(config, set), STAMP);
  return existsSync(stamp) && (await readFile(stamp, 'utf8')) === checksumsOf(list, set).version;
}

async function readList(config: CliConfig): Promise<ChecksumList> {
  const file = join(config.root, 'tools', 'cli', 'ivy', 'checksums.sha512');
  return parseChecksums(await readFile(file, 'utf8'), file);
}
