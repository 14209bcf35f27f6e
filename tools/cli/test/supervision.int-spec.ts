import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { layoutOf, type Layout } from '../src/config/layout.js';
import { endOrphans } from '../src/daemon/orphans.js';
import { verifyFolder, sha512 } from '../src/fetch/checksum-list.js';
import { withLock } from '../src/fetch/file-lock.js';
import { INSTANCE_VARIABLE, isRunning, readPidFile, writePidFile } from '../src/process/pid-file.js';
import { findBusyPorts, pickFreePorts } from '../src/process/port-check.js';
import { findProcess } from '../src/process/process-info.js';
import type { ManagedSpec } from '../src/process/process-table.types.js';
import { Supervisor } from '../src/process/supervisor.js';
import { until } from './support/until.js';

/** Answers health checks; tells its grandchild's pid; ends on SIGTERM unless told to be stubborn. */
const PROGRAM = `
const { createServer } = require('node:http');
const { spawn } = require('node:child_process');
const child = spawn('sleep', ['600'], { stdio: 'inherit' });
console.log('grandchild ' + child.pid);
if (process.env.STUBBORN) process.on('SIGTERM', () => console.log('no'));
if (process.env.FATAL) { console.error('FATAL: ' + process.env.FATAL); process.exit(3); }
createServer((request, response) => response.end('ok')).listen(Number(process.env.PORT), '127.0.0.1');
`;

let layout: Layout;
let supervisor: Supervisor;
let port: number;

beforeEach(async () => {
  layout = layoutOf(await mkdtemp(join(tmpdir(), 'millrace-supervision-')));
  [port = 0] = await pickFreePorts(1);
  supervisor = new Supervisor({ layout, inherited: { PATH: process.env['PATH'] ?? '' }, startTimeoutMs: 20_000, logMaxBytes: 4096 });
});

afterEach(async () => {
  await supervisor.stop();
  await endOrphans(layout.run);
  await rm(layout.home, { recursive: true, force: true });
});

function program(name: string, env: Record<string, string> = {}, change: Partial<ManagedSpec> = {}): ManagedSpec {
  return {
    type: 'managed', name, kind: 'service', lane: 'live', dependsOn: [], command: [process.execPath, '-e', PROGRAM], cwd: layout.home,
    env: { PORT: String(port), ...env }, ports: [], address: '', probe: { type: 'http', url: `http://127.0.0.1:${String(port)}/` }, stopSignal: 'SIGTERM', graceMs: 500,
    ...change,
  };
}

async function statusOf(name: string) {
  const found = (await supervisor.snapshot()).processes.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(`${name} is unknown`);
  return found;
}

async function readyPid(name: string, notThis?: number): Promise<number> {
  return until(async () => {
    const { state, pid } = await statusOf(name);
    return state === 'ready' && pid !== null && pid !== notThis ? pid : null;
  });
}

async function grandchildOf(name: string): Promise<number> {
  return until(async () => {
    const found = [...(await readFile(layout.logFile(name), 'utf8')).matchAll(/grandchild (\d+)/g)].at(-1)?.[1];
    return found === undefined ? null : Number(found);
  });
}

describe('Supervisor', () => {
  it('starts a killed process again, with another pid and without what the first had started', async () => {
    supervisor.add([program('one')]);
    const first = await readyPid('one');
    const grandchild = await grandchildOf('one');
    process.kill(first, 'SIGKILL');
    const second = await readyPid('one', first);
    expect(second).not.toBe(first);
    expect((await statusOf('one')).restarts).toBe(1);
    expect(await findProcess(grandchild)).toBeNull();
  });

  it('ends a process that will not end, and everything it started', async () => {
    supervisor.add([program('one', { STUBBORN: '1' })]);
    const pid = await readyPid('one');
    const grandchild = await grandchildOf('one');
    await supervisor.stop();
    expect(await findProcess(pid)).toBeNull();
    expect(await findProcess(grandchild)).toBeNull();
    expect(await readdir(layout.run)).toEqual([]);
  });

  it('calls a process failed that dies again and again, with the cause, and starts nothing that waits for it', async () => {
    supervisor.add([program('one', { FATAL: 'the port is taken' }), program('two', {}, { dependsOn: ['one'] })]);
    const { cause } = await until(async () => {
      const status = await statusOf('one');
      return status.state === 'failed' ? status : null;
    });
    expect(cause).toBe('FATAL: the port is taken (exit code 3)');
    expect(await statusOf('two')).toMatchObject({ state: 'waiting', pid: null });
  });

  it('rotates the log of a talkative process and keeps each line JSON', async () => {
    const talk = `for (let line = 0; line < 400; line++) console.log('line ' + line); setInterval(() => {}, 1000); ${PROGRAM}`;
    supervisor.add([program('one', {}, { command: [process.execPath, '-e', talk] })]);
    await readyPid('one');
    await supervisor.stop();
    const files = (await readdir(layout.logs)).toSorted();
    expect(files).toEqual(['one.log', 'one.log.1', 'one.log.2', 'one.log.3']);
    for (const file of files) {
      const lines = (await readFile(join(layout.logs, file), 'utf8')).trimEnd().split('\n');
      for (const line of lines) expect(JSON.parse(line)).toHaveProperty('msg');
    }
  });
});

describe('endOrphans', () => {
  it('ends nothing that only has the pid of a process long gone', async () => {
    const stranger = execa('sleep', ['600'], { detached: true, reject: false });
    const { pid = 0 } = stranger;
    await until(async () => findProcess(pid));
    const record = { name: 'kafka', pid, startTime: '1', instance: layout.home };
    await rm(layout.run, { recursive: true, force: true });
    await writePidFile(layout.run, 'kafka', pid, layout.home);
    await writeFile(join(layout.run, 'kafka.pid'), JSON.stringify(record));
    expect(await endOrphans(layout.run)).toEqual([]);
    expect(await findProcess(pid)).not.toBeNull();
    stranger.kill('SIGKILL');
    await stranger;
  });

  it('ends what is left of a group whose leader is gone, by its mark', async () => {
    const leader = execa('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600'], { detached: true, reject: false, env: { [INSTANCE_VARIABLE]: layout.home } });
    const { pid = 0 } = leader;
    const member = await new Promise<number>((resolve) => leader.stdout.once('data', (text: Buffer) => { resolve(Number(text.toString())); }));
    await writePidFile(layout.run, 'spark', pid, layout.home);
    const record = await readPidFile(layout.run, 'spark');
    process.kill(pid, 'SIGKILL');
    await until(async () => ((await findProcess(pid)) === null ? true : null));
    expect(record === null ? true : await isRunning(record)).toBe(false);
    expect(await endOrphans(layout.run)).toEqual(['spark']);
    expect(await findProcess(member)).toBeNull();
    await leader;
  });
});

describe('findBusyPorts', () => {
  it('names who listens there', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const [busy] = await findBusyPorts([{ port, component: 'Kafka', variable: 'MILLRACE_KAFKA_PORT' }]);
    expect(busy?.message).toContain(`pid ${String(process.pid)}`);
    await new Promise((resolve) => server.close(resolve));
    expect(await findBusyPorts([{ port, component: 'Kafka', variable: 'MILLRACE_KAFKA_PORT' }])).toEqual([]);
  });
});

describe('withLock', () => {
  it('lets one at a time through', async () => {
    const file = join(layout.home, 'a.lock');
    let released = false;
    const program_ = `import { withLock } from ${JSON.stringify(new URL('../dist/fetch/file-lock.js', import.meta.url).href)}; process.stdin.resume();
      await withLock(${JSON.stringify(file)}, () => undefined, async () => { console.log('held'); await new Promise((resolve) => process.stdin.once('end', resolve)); });`;
    const other = execa(process.execPath, ['--input-type=module', '-e', program_], { stdin: 'pipe' });
    await new Promise((resolve) => other.stdout.once('data', resolve));
    let waited = '';
    const mine = withLock(file, (holder) => { waited = holder; other.stdin.end(); }, async () => {
      released = waited !== '';
      return Promise.resolve();
    });
    await mine;
    await other;
    expect(waited).toBe(`pid ${String(other.pid)}`);
    expect(released).toBe(true);
  });

  it('takes over from a dead process', async () => {
    const file = join(layout.home, 'a.lock');
    await writeFile(file, '999999999 1');
    await expect(withLock(file, () => undefined, async () => Promise.resolve('done'))).resolves.toBe('done');
  });
});

describe('verifyFolder', () => {
  it('accepts exactly the listed files, and no changed, missing or additional one', async () => {
    const folder = await mkdtemp(join(layout.home, 'jars-'));
    await writeFile(join(folder, 'a.jar'), 'content');
    const files = new Map([['a.jar', await sha512(join(folder, 'a.jar'))]]);
    await verifyFolder(folder, files);
    await expect(verifyFolder(folder, new Map([...files, ['b.jar', 'x']]))).rejects.toThrow('b.jar: did not arrive');
    await writeFile(join(folder, 'a.jar'), 'Content');
    await expect(verifyFolder(folder, files)).rejects.toThrow('a.jar: has SHA-512');
    await writeFile(join(folder, 'a.jar'), 'content');
    await writeFile(join(folder, 'c.jar'), '');
    await expect(verifyFolder(folder, files)).rejects.toThrow('c.jar: came along');
  });
});
