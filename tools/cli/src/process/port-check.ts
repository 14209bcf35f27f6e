import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { PortBusyError, systemCode } from '../cli-errors.js';
import { findProcess, listProcesses } from './process-info.js';

/** A port a process will listen on, and the variable that moves it. */
export interface PortNeed {
  readonly port: number;
  readonly component: string;
  readonly variable: string;
}

const HOST = '127.0.0.1';

/** Every needed port that is not free, with its owner where the kernel tells it. */
export async function findBusyPorts(needs: readonly PortNeed[]): Promise<PortBusyError[]> {
  const busy: PortBusyError[] = [];
  for (const need of needs) {
    if (!(await isFree(need.port))) {
      busy.push(new PortBusyError(need.port, need.component, need.variable, await ownerOf(need.port)));
    }
  }
  return busy;
}

/** True when a server can listen there. Privileged ports count as not free. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (['EADDRINUSE', 'EACCES'].includes(systemCode(error) ?? '')) resolve(false);
      else reject(error);
    });
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => { resolve(true); }));
  });
}

/** So many different ports that were free a moment ago, chosen by the kernel. */
export async function pickFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, HOST, () => { resolve(); });
    });
    const address = server.address();
    if (address !== null && typeof address === 'object') ports.push(address.port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Who listens on the port, such as `java (pid 123)`; null where that cannot be seen: another user's process, or not Linux. */
export async function ownerOf(port: number): Promise<string | null> {
  if (process.platform !== 'linux') return null;
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listenersIn(readIfThere(table), port)));
  if (inodes.size === 0) return null;
  for (const { pid } of await listProcesses()) {
    if (socketsOf(pid).some((inode) => inodes.has(inode))) {
      return `${(await findProcess(pid))?.name ?? 'a process'} (pid ${String(pid)})`;
    }
  }
  return null;
}

/** Inodes of the sockets that listen on the port, from the text of `/proc/net/tcp`. */
export function listenersIn(table: string, port: number): string[] {
  const LISTEN = '0A';
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [, local, , state] = fields;
    const inode = fields[9];
    const matches = state === LISTEN && local !== undefined && Number.parseInt(local.split(':')[1] ?? '', 16) === port;
    return matches && inode !== undefined ? [inode] : [];
  });
}

function readIfThere(path: string): string {
  return ifThere(() => readFileSync(path, 'utf8')) ?? '';
}

function socketsOf(pid: number): string[] {
  const folder = `/proc/${String(pid)}/fd`;
  const descriptors = ifThere(() => readdirSync(folder)) ?? [];
  return descriptors.flatMap((descriptor) => {
    const target = ifThere(() => readlinkSync(`${folder}/${descriptor}`)) ?? '';
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    return inode === undefined ? [] : [inode];
  });
}

/** Undefined for another user's process, and for what ended between two looks. */
function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EPERM', 'ESRCH'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
