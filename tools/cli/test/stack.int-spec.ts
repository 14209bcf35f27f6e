import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { contracts, subjectOf } from '@millrace/contracts';
import { execa } from 'execa';
import { findRoot, loadConfig } from '../src/config/cli.config.js';
import { planTopics } from '../src/stack/topic-plan.js';
import { layoutOf } from '../src/config/layout.js';
import { findBusyPorts, pickFreePorts } from '../src/process/port-check.js';
import { findProcess } from '../src/process/process-info.js';
import { addressesOf } from '../src/stack/addresses.js';
import type { StatusReport } from '../src/commands/status.command.js';
import { until } from './support/until.js';

const VARIABLES = ['MILLRACE_KAFKA_PORT', 'MILLRACE_KAFKA_CONTROLLER_PORT', 'MILLRACE_REGISTRY_PORT', 'MILLRACE_REDIS_PORT', 'MILLRACE_POSTGRES_PORT'] as const;
const EXTERNAL = ['MILLRACE_KAFKA_BROKERS', 'MILLRACE_REGISTRY_URL', 'MILLRACE_REDIS_URL', 'MILLRACE_POSTGRES_URL'] as const;
const root = findRoot();
const main = join(root, 'tools', 'cli', 'dist', 'main.js');

let home: string;
let env: Record<string, string>;

/** The command as a person runs it, on a stack of this spec's own. */
async function millrace(...parameters: string[]): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, ['--disable-warning=TimeoutNegativeWarning', main, ...parameters], { env, extendEnv: false, reject: false });
  return { exitCode, stdout, stderr };
}

async function status(): Promise<StatusReport> {
  const { stdout } = await millrace('status', '--json');
  return JSON.parse(stdout) as StatusReport;
}

async function pidOf(name: string, notThis?: number): Promise<number> {
  return until(async () => {
    const found = (await status()).processes.find((one) => one.name === name);
    return found?.state === 'ready' && found.pid !== null && found.pid !== notThis ? found.pid : null;
  });
}

async function schemaIds(): Promise<Record<string, number>> {
  const { registryUrl } = addressesOf(loadConfig(env, root));
  const entries = contracts.map(async ({ topic }) => {
    const response = await fetch(`${registryUrl}/subjects/${subjectOf(topic)}/versions/latest`);
    const { id } = (await response.json()) as { id: number };
    return [topic, id] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function register(subject: string, schema: string): Promise<number> {
  const { registryUrl } = addressesOf(loadConfig(env, root));
  const body = JSON.stringify({ schema });
  const response = await fetch(`${registryUrl}/subjects/${subject}/versions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return ((await response.json()) as { id: number }).id;
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'millrace-stack-'));
  const ports = await pickFreePorts(VARIABLES.length);
  const given = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !EXTERNAL.some((name) => name === entry[0]));
  env = { ...Object.fromEntries(given), ...Object.fromEntries(VARIABLES.map((variable, index) => [variable, String(ports[index])])), MILLRACE_HOME: home };
}, 60_000);

afterAll(async () => {
  await millrace('down');
  await rm(home, { recursive: true, force: true });
}, 120_000);

describe('the local stack', () => {
  it('comes up once, however often it is asked for', async () => {
    const [one, two] = await Promise.all([millrace('up', '--only', 'infra'), millrace('up', '--only', 'infra')]);
    expect([one.exitCode, two.exitCode]).toEqual([0, 0]);
    const report = await status();
    expect(report.processes.map(({ name, state }) => `${name} ${state}`)).toEqual(['kafka ready', 'registry ready', 'redis ready', 'postgres ready']);
    expect(report.processes.every(({ memory }) => (memory ?? 0) > 2 ** 20)).toBe(true);
    expect((await millrace('topics', 'create')).stdout).toMatch(/^0 created/);
  }, 300_000);

  it('names the port, its owner and the variable when another stack wants the same port', async () => {
    const other = await mkdtemp(join(tmpdir(), 'millrace-other-'));
    const result = await execa(process.execPath, [main, 'up', '--only', 'infra'], { env: { ...env, MILLRACE_HOME: other }, extendEnv: false, reject: false });
    expect(result.exitCode).toBe(69);
    expect(result.stderr).toMatch(new RegExp(`Port ${env['MILLRACE_REDIS_PORT'] ?? ''} \\(Redis\\) is taken by (redis|valkey)-server \\(pid \\d+\\)`));
    expect(result.stderr).toContain('MILLRACE_REDIS_PORT');
    await rm(other, { recursive: true, force: true });
  }, 60_000);

  it('keeps every schema id when the registry is killed and started again', async () => {
    const before = await schemaIds();
    const pid = await pidOf('registry');
    const last = await register('killed-value', '"string"');
    process.kill(pid, 'SIGKILL');
    await pidOf('registry', pid);
    expect(await schemaIds()).toEqual(before);
    expect(await register('another-value', '"long"')).toBeGreaterThan(last);
    expect(await register('killed-value', '"string"')).toBe(last);
    const registered = await millrace('schema', 'register');
    expect(registered.stdout).toContain(`id ${String(Object.values(before)[0])}`);
    expect(await schemaIds()).toEqual(before);
  }, 120_000);

  it('makes a lane beside it and removes all of it again, and nothing else', async () => {
    const up = await millrace('lane', 'up', 'spec1', '--services', 'metrics-sink', '--time-zone', 'Europe/Berlin');
    expect(up.stderr).toBe('');
    expect((await status()).processes.find(({ lane }) => lane === 'spec1')).toMatchObject({ name: 'spec1.metrics-sink', state: 'ready' });
    const down = await millrace('lane', 'down', 'spec1');
    expect(down.stdout).toMatch(new RegExp(`^Lane spec1 is gone: ${String(planTopics('spec1').length)} topics, [1-9]`));
    expect((await millrace('lane', 'down', 'spec1')).stdout).toBe('Lane spec1 is gone: 0 topics, 0 groups, 0 keys, 0 rows.');
    expect((await status()).processes.map(({ name }) => name)).toEqual(['kafka', 'registry', 'redis', 'postgres']);
    expect((await millrace('topics', 'create')).stdout).toMatch(/^0 created/);
  }, 120_000);

  it('leaves nothing behind when its supervisor was killed: status tells, down ends it', async () => {
    const { processes } = await status();
    const { pid: supervisor } = JSON.parse(await readFile(join(home, 'run', 'supervisor.pid'), 'utf8')) as { pid: number };
    process.kill(supervisor, 'SIGKILL');
    await until(async () => ((await findProcess(supervisor)) === null ? true : null));
    expect((await status()).orphans.toSorted()).toEqual(['kafka', 'postgres', 'redis', 'registry']);
    expect((await millrace('down')).exitCode).toBe(0);
    for (const { pid } of processes) expect(await findProcess(pid ?? 0)).toBeNull();
    const needs = VARIABLES.map((variable) => ({ port: Number(env[variable]), component: variable, variable }));
    expect(await findBusyPorts(needs)).toEqual([]);
    expect(await readdir(layoutOf(home).run)).toEqual([]);
    expect((await millrace('down')).stdout).toBe('Nothing is running.');
  }, 120_000);

  it('drains everything when the foreground is interrupted', async () => {
    const up = execa(process.execPath, [main, 'up', '--foreground', '--only', 'infra'], { env, extendEnv: false, reject: false });
    const pids = [await pidOf('kafka'), await pidOf('registry'), await pidOf('redis'), await pidOf('postgres')];
    up.kill('SIGINT');
    expect((await up).exitCode).toBe(0);
    for (const pid of pids) expect(await findProcess(pid)).toBeNull();
    expect(await readdir(layoutOf(home).run)).toEqual([]);
  }, 120_000);

  it('ends with the foreground that started it, even when that is killed', async () => {
    const up = execa(process.execPath, [main, 'up', '--foreground', '--only', 'infra'], { env, extendEnv: false, reject: false });
    const pids = [await pidOf('kafka'), await pidOf('registry'), await pidOf('redis'), await pidOf('postgres')];
    up.kill('SIGKILL');
    await up;
    for (const pid of pids) await until(async () => ((await findProcess(pid)) === null ? true : null));
    expect((await status()).running).toBe(false);
  }, 120_000);
});
