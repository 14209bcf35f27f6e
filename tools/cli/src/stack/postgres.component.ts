import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { chown, cp, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { CliError, EXIT } from '../cli-errors.js';
import type { CliConfig } from '../config/cli.config.js';
import type { Layout } from '../config/layout.js';
import { writeAtomically } from '../config/write-atomically.js';
import type { ManagedSpec } from '../process/process-table.types.js';
import type { SystemUser } from './toolchain.js';

/** User, password and database of the local PostgreSQL; it listens on this machine only. */
const LOCAL_NAME = 'millrace';

/** Where PostgreSQL keeps its data, and whose programs run it. */
export interface PostgresPlace {
  readonly data: string;
  readonly native: string;
}

/** PostgreSQL from npm. Where we are root it runs as `user`. */
export function postgresSpec(config: CliConfig, layout: Layout, native: string, user: SystemUser | null): ManagedSpec {
  const port = config.env.MILLRACE_POSTGRES_PORT;
  const place = placeOf(layout, native, user);
  const url = `postgres://${LOCAL_NAME}:${LOCAL_NAME}@127.0.0.1:${String(port)}/${LOCAL_NAME}`;
  const listen = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'max_connections=200'];
  return {
    type: 'managed',
    name: 'postgres',
    kind: 'infra',
    lane: null,
    dependsOn: [],
    command: [join(place.native, 'bin', 'postgres'), '-D', join(place.data, 'cluster'), '-p', String(port), ...listen],
    cwd: '/',
    env: {},
    ...(user === null ? {} : { user: { uid: user.uid, gid: user.gid } }),
    ports: [{ port, component: 'PostgreSQL', variable: 'MILLRACE_POSTGRES_PORT' }],
    address: url,
    probe: { type: 'postgres', url },
    // Fast shutdown: SIGTERM would wait for clients to leave.
    stopSignal: 'SIGINT',
    graceMs: 15_000,
    prepare: () => prepare(place, native, user),
  };
}

/**
 * Under MILLRACE_HOME, unless PostgreSQL runs as a user who cannot go there (a home of root's, mode 700): then both data and programs lie
 * under /var/tmp.
 */
export function placeOf(layout: Layout, native: string, user: SystemUser | null): PostgresPlace {
  if (user === null || (canEnter(layout.home, user) && canEnter(native, user))) return { data: layout.data('postgres'), native };
  const id = createHash('sha256').update(layout.home).digest('hex').slice(0, 12);
  const elsewhere = join('/var/tmp', `millrace-${id}`);
  return { data: join(elsewhere, 'postgres'), native: join(elsewhere, 'native') };
}

function canEnter(path: string, user: SystemUser): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder)) {
      const { mode, uid, gid } = statSync(folder);
      const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
      if (((mode >> shift) & 1) === 0) return false;
    }
    if (dirname(folder) === folder) return true;
  }
}

async function prepare(place: PostgresPlace, native: string, user: SystemUser | null): Promise<void> {
  const cluster = join(place.data, 'cluster');
  if (place.native !== native && !existsSync(place.native)) {
    const partial = `${place.native}.${String(process.pid)}`;
    await cp(native, partial, { recursive: true, verbatimSymlinks: true });
    await rename(partial, place.native);
  }
  if (existsSync(cluster)) return;
  const half = join(place.data, 'cluster.half-made');
  await rm(half, { recursive: true, force: true });
  await mkdir(place.data, { recursive: true });
  const password = join(place.data, 'password');
  await writeAtomically(password, `${LOCAL_NAME}\n`);
  if (user !== null) await Promise.all([place.data, password].map((path) => chown(path, user.uid, user.gid)));
  const as = user === null ? {} : { uid: user.uid, gid: user.gid };
  const names = [`--username=${LOCAL_NAME}`, `--pwfile=${password}`, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync'];
  await runTool(join(place.native, 'bin', 'initdb'), ['-D', half, ...names], as);
  await runTool(join(place.native, 'bin', 'postgres'), ['--single', '-D', half, 'postgres'], as, `CREATE DATABASE ${LOCAL_NAME}\n`);
  await rm(password);
  // Named last: a cluster that bears this name is whole.
  await rename(half, cluster);
}

async function runTool(program: string, parameters: readonly string[], as: { uid?: number; gid?: number }, input = ''): Promise<void> {
  const result = await execa(program, parameters, { ...as, cwd: '/', input, reject: false, all: true, env: { LC_ALL: 'C' } });
  if (result.exitCode !== 0) {
    const said = result.all.trim().split('\n').at(-1) ?? '';
    throw new CliError(
      `PostgreSQL's data folder cannot be made: ${said === '' ? result.shortMessage : said}`,
      'See the folder data/postgres under MILLRACE_HOME.',
      EXIT.machine,
    );
  }
}
