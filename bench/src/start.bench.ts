import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createRedis, RedisMetricCache } from '@millrace/stores';
import type { Bench, BenchRow } from './row.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PORTS = [
  'KAFKA', 'KAFKA_CONTROLLER', 'REGISTRY', 'REDIS', 'POSTGRES', 'QUERY_API', 'SIMULATOR', 'METRICS_SINK', 'RULER', 'NOTIFIER', 'FRAUD_DESK', 'SPARK_METRICS', 'SPARK_FRAUD',
] as const;
const OBSERVED_MS = 30_000;
const SETTLE_MS = 15_000;
/** Clock ticks a second in /proc (sysconf CLK_TCK is 100 on every Linux that Node supports). */
const TICKS = 100;

interface ProcessStatus {
  readonly name: string;
  readonly pid: number | null;
  readonly memory: number | null;
}

interface Home {
  readonly env: NodeJS.ProcessEnv;
  readonly redisUrl: string;
  readonly simulatorUrl: string;
}

/** How long a start takes until a number shows, what the whole takes in memory, and what it costs when nothing happens. */
export const start: Bench = {
  title: 'Start, memory and CPU of the whole system',
  run: async (report) => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
    const home = await newHome(folder);
    try {
      report('first start (downloads done, no state) …');
      const cold = await secondsToFirstNumber(home);
      await millrace(home, ['down']);
      report('second start …');
      const warm = await secondsToFirstNumber(home);
      report('watching for half a minute at 100 events/s, then for as long without events …');
      await delay(SETTLE_MS);
      const processes = await status(home);
      const busy = await cpuShares(processes);
      await setRate(home, 0);
      await delay(SETTLE_MS);
      const idle = await cpuShares(processes);
      return [...startRows(cold, warm), ...processRows(processes, busy, idle)];
    } finally {
      await millrace(home, ['down']);
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function startRows(cold: number, warm: number): BenchRow[] {
  return [
    { name: 'first start to the first metric in Redis', value: cold, unit: 's' },
    { name: 'second start to the first metric in Redis', value: warm, unit: 's', aim: 'within 30 s' },
  ];
}

function processRows(processes: readonly ProcessStatus[], busy: ReadonlyMap<string, number>, idle: ReadonlyMap<string, number>): BenchRow[] {
  const total = processes.reduce((sum, { memory }) => sum + (memory ?? 0), 0);
  return [
    { name: 'memory of the whole', value: total / 2 ** 20, unit: 'MiB', aim: 'within 4,096 MiB' },
    ...processes.flatMap(({ name, memory }) => [
      { name: `${name}: memory`, value: (memory ?? 0) / 2 ** 20, unit: 'MiB' },
      { name: `${name}: CPU at 100 events/s`, value: busy.get(name) ?? Number.NaN, unit: '% of a core' },
      { name: `${name}: CPU without events`, value: idle.get(name) ?? Number.NaN, unit: '% of a core' },
    ]),
  ];
}

async function newHome(folder: string): Promise<Home> {
  const ports = new Map<string, number>();
  for (const name of PORTS) ports.set(name, await freePort());
  // An empty address means none: the components are started, not borrowed.
  const none = { MILLRACE_KAFKA_BROKERS: '', MILLRACE_REGISTRY_URL: '', MILLRACE_REDIS_URL: '', MILLRACE_POSTGRES_URL: '' };
  const env = { ...process.env, ...none, MILLRACE_HOME: folder, ...Object.fromEntries([...ports].map(([name, port]) => [`MILLRACE_${name}_PORT`, String(port)])) };
  return { env, redisUrl: `redis://127.0.0.1:${ports.get('REDIS')!}/0`, simulatorUrl: `http://127.0.0.1:${ports.get('SIMULATOR')!}` };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function secondsToFirstNumber(home: Home): Promise<number> {
  const began = performance.now();
  const asked = Date.now();
  const up = millrace(home, ['up']);
  const redis = createRedis(home.redisUrl, 'bench');
  const cache = new RedisMetricCache(redis);
  const shown = async (): Promise<number> => {
    for (;;) {
      const readings = await cache.latest('live', [{ metric: 'events', window: '1m' }]).catch(() => []);
      // What an earlier run left in Redis is no sign of life.
      if (readings.some(({ computedAt }) => computedAt >= asked)) return (performance.now() - began) / 1000;
      await delay(50);
    }
  };
  const [seconds] = await Promise.all([shown(), up]);
  await redis.close();
  return seconds;
}

/** Runs the command and resolves with what it printed. Throws where it fails. */
async function millrace(home: Home, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [join(root, 'tools', 'cli', 'dist', 'main.js'), ...args], { cwd: root, env: home.env, stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  const output = Buffer.concat(chunks).toString('utf8');
  if (child.exitCode !== 0) throw new Error(`millrace ${args.join(' ')} ended with ${String(child.exitCode)}\n${output}`);
  return output;
}

async function status(home: Home): Promise<ProcessStatus[]> {
  const { processes } = JSON.parse(await millrace(home, ['status', '--json'])) as { processes: ProcessStatus[] };
  return processes;
}

async function setRate(home: Home, rate: number): Promise<void> {
  const answer = await fetch(`${home.simulatorUrl}/rate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ clickstream: rate, orders: rate }),
  });
  if (!answer.ok) throw new Error(`the simulator refused rate ${rate}: ${await answer.text()}`);
}

async function cpuShares(processes: readonly ProcessStatus[]): Promise<Map<string, number>> {
  const before = await Promise.all(processes.map(({ pid }) => cpuTicks(pid)));
  const began = performance.now();
  await delay(OBSERVED_MS);
  const after = await Promise.all(processes.map(({ pid }) => cpuTicks(pid)));
  const seconds = (performance.now() - began) / 1000;
  return new Map(processes.map(({ name }, index) => [name, ((after[index]! - before[index]!) / TICKS / seconds) * 100]));
}

/** User and system time of a process and of its children that still run, in ticks (proc(5), fields 14 and 15). */
async function cpuTicks(pid: number | null): Promise<number> {
  if (pid === null) return Number.NaN;
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  const own = Number(fields[11]) + Number(fields[12]);
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean);
  const theirs = await Promise.all(children.map((child) => cpuTicks(Number(child)).catch(() => 0)));
  return own + theirs.reduce((sum, ticks) => sum + ticks, 0);
}
