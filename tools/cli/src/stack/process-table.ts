import { join } from 'node:path';
import { inLane } from '@millrace/contracts';
import type { CliConfig } from '../config/cli.config.js';
import type { Layout } from '../config/layout.js';
import { folderOf } from '../fetch/downloads.js';
import type { Probe } from '../process/health-probe.js';
import type { ExternalSpec, ManagedSpec, Spec, TaskSpec } from '../process/process-table.types.js';
import { addressEnv, addressesOf, withoutPassword } from './addresses.js';
import { kafkaSpec } from './kafka.component.js';
import { postgresSpec } from './postgres.component.js';
import { redisSpec } from './redis.component.js';
import { registrySpec } from './registry.component.js';
import { findJava, findPostgres, findPython, findRedis, unprivilegedUser } from './toolchain.js';

export const SERVICES = ['simulator', 'metrics-sink', 'ruler', 'notifier', 'fraud-desk', 'query-api'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Everything that can run in a lane. */
export const LANE_PROCESSES = [...SERVICES, 'spark', 'spark-fraud'] as const;
export type LaneProcess = (typeof LANE_PROCESSES)[number];

const PORT_VARIABLES = {
  'simulator': 'MILLRACE_SIMULATOR_PORT',
  'metrics-sink': 'MILLRACE_METRICS_SINK_PORT',
  'ruler': 'MILLRACE_RULER_PORT',
  'notifier': 'MILLRACE_NOTIFIER_PORT',
  'fraud-desk': 'MILLRACE_FRAUD_DESK_PORT',
  'query-api': 'MILLRACE_QUERY_API_PORT',
  'spark': 'MILLRACE_SPARK_METRICS_PORT',
  'spark-fraud': 'MILLRACE_SPARK_FRAUD_PORT',
} as const satisfies Record<LaneProcess, keyof CliConfig['env']>;

/**
 * What each needs ready before it starts. `schemas` and `topics` stand for the registry and the broker with them in it. Spark takes longest to come
 * up and waits for both by itself.
 */
const NEEDS: Record<LaneProcess, readonly string[]> = {
  'simulator': ['topics', 'schemas'],
  'metrics-sink': ['topics', 'schemas', 'redis', 'postgres'],
  'ruler': ['topics', 'schemas', 'postgres'],
  'notifier': ['topics', 'schemas', 'postgres'],
  'fraud-desk': ['topics', 'schemas', 'postgres'],
  'query-api': ['redis', 'postgres'],
  'spark': [],
  // It would wait by itself, too: the first numbers are wanted before the first scores.
  'spark-fraud': ['spark'],
};

/** The lane a process works in, the port it is given, and what is set for this lane alone. */
export interface LanePlace {
  readonly lane: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
}

/** The whole stack in the order in which it is shown. Throws ToolMissingError for a local component that cannot run on this machine. */
export async function stackSpecs(config: CliConfig, layout: Layout, only: 'infra' | 'all'): Promise<Spec[]> {
  const infra = await infraSpecs(config, layout);
  if (only === 'infra') return infra;
  const rest = LANE_PROCESSES.map((name) => processSpec(config, name, { lane: config.lane, port: portOf(config, name), env: name === 'fraud-desk' ? simulatedLabels(config) : {} }));
  return [...infra, ...rest];
}

/** In the simulator's shop a day of an order's life takes a minute, and its labels come as much faster than a real shop's. */
function simulatedLabels({ inherited }: CliConfig): Readonly<Record<string, string>> {
  return { MILLRACE_FRAUD_DESK_LABEL_DELAY_MINUTES: inherited['MILLRACE_FRAUD_DESK_LABEL_DELAY_MINUTES'] ?? '30' };
}

/** Kafka, registry, Redis and PostgreSQL, each local or external, then the topics and schemas they must hold. */
export async function infraSpecs(config: CliConfig, layout: Layout): Promise<Spec[]> {
  const { env } = config;
  const addresses = addressesOf(config);
  const needsJava = env.MILLRACE_KAFKA_BROKERS === undefined || env.MILLRACE_REGISTRY_URL === undefined;
  const java = needsJava ? await findJava(config) : '';
  const registryProbe = { type: 'http', url: `${addresses.registryUrl}/subjects` } as const;
  return [
    env.MILLRACE_KAFKA_BROKERS === undefined
      ? kafkaSpec(config, layout, java, folderOf(config, 'kafka'))
      : external('kafka', addresses.brokers, { type: 'kafka', brokers: addresses.brokers.split(',') }),
    env.MILLRACE_REGISTRY_URL === undefined
      ? registrySpec(config, layout, java, folderOf(config, 'registry'))
      : external('registry', addresses.registryUrl, registryProbe),
    env.MILLRACE_REDIS_URL === undefined
      ? redisSpec(config, layout, findRedis(config))
      : external('redis', addresses.redisUrl, { type: 'redis', url: addresses.redisUrl }),
    env.MILLRACE_POSTGRES_URL === undefined
      ? postgresSpec(config, layout, findPostgres(), unprivilegedUser())
      : external('postgres', addresses.postgresUrl, { type: 'postgres', url: addresses.postgresUrl }),
    task('topics', ['kafka'], async () => {
      // Loaded when it is needed: most commands never talk to Kafka.
      const { createLaneTopics } = await import('./topics.js');
      await createLaneTopics(config, config.lane);
    }),
    task('schemas', ['registry'], async () => {
      const { registerSchemas } = await import('./schema-registry.js');
      await registerSchemas(addresses.registryUrl, env.MILLRACE_REGISTRY_MODE);
    }),
  ];
}

/** One service, or the Spark queries, of a lane. The live lane's bear their plain name, another lane's have it in front: `r1.spark`. */
export function processSpec(config: CliConfig, name: LaneProcess, place: LanePlace): ManagedSpec {
  const common = {
    type: 'managed',
    name: inLane(place.lane, name),
    lane: place.lane,
    dependsOn: NEEDS[name],
    ports: [{ port: place.port, component: inLane(place.lane, name), variable: PORT_VARIABLES[name] }],
    address: `http://127.0.0.1:${String(place.port)}`,
    probe: { type: 'http', url: `http://127.0.0.1:${String(place.port)}/health/ready` },
    stopSignal: 'SIGTERM',
  } as const;
  const env = {
    ...addressEnv(addressesOf(config)),
    MILLRACE_REGISTRY_MODE: config.env.MILLRACE_REGISTRY_MODE,
    MILLRACE_HOME: config.home,
    MILLRACE_CACHE: config.cache,
    MILLRACE_LANE: place.lane,
    MILLRACE_HTTP_PORT: String(place.port),
    ...(place.lane === config.lane ? neighboursOf(config, name) : {}),
    ...place.env,
  };
  return name === 'spark' || name === 'spark-fraud' ? { ...common, ...spark(config, JOBS[name], env) } : { ...common, ...service(config, name, env) };
}

/** Where a process of the live lane finds those that it asks. */
function neighboursOf(config: CliConfig, name: LaneProcess): Readonly<Record<string, string>> {
  if (name === 'query-api') return dashboardEnv((other) => portOf(config, other));
  if (name !== 'ruler') return {};
  return { MILLRACE_RULER_SPARK_JOBS: (['spark', 'spark-fraud'] as const).map((job) => `${job}=http://127.0.0.1:${String(portOf(config, job))}/metrics`).join(',') };
}

/** Where the dashboard's service finds those that it passes requests on to. */
export function dashboardEnv(portOfService: (name: 'fraud-desk' | 'notifier') => number): Readonly<Record<string, string>> {
  const at = (name: 'fraud-desk' | 'notifier'): string => `http://127.0.0.1:${String(portOfService(name))}`;
  return { MILLRACE_QUERY_API_FRAUD_DESK_URL: at('fraud-desk'), MILLRACE_QUERY_API_NOTIFIER_URL: at('notifier') };
}

function service(config: CliConfig, name: ServiceName, env: Readonly<Record<string, string>>) {
  const folder = join(config.root, 'services', name);
  const main = join(folder, 'dist', 'main.js');
  return {
    kind: 'service',
    // kafkajs polls with a time-out that may be a hair below zero; Node 24 warns of each.
    command: [process.execPath, '--disable-warning=TimeoutNegativeWarning', main],
    cwd: config.root,
    env,
    graceMs: 10_000,
  } as const satisfies Partial<ManagedSpec>;
}

const JOBS = { 'spark': 'windowed_metrics', 'spark-fraud': 'fraud_scores' } as const;

function spark(config: CliConfig, job: string, env: Readonly<Record<string, string>>) {
  return {
    kind: 'spark',
    command: [findPython(config), '-m', `millrace_streaming.jobs.${job}`],
    cwd: join(config.root, 'spark-streaming'),
    env: {
      ...env,
      MILLRACE_SPARK_JARS: folderOf(config, 'spark-jars'),
      PYTHONPATH: join(config.root, 'spark-streaming', 'src'),
      PYTHONUNBUFFERED: '1',
    },
    graceMs: 20_000,
  } as const satisfies Partial<ManagedSpec>;
}

/** Port of a process of the live lane. */
export function portOf(config: CliConfig, name: LaneProcess): number {
  return config.env[PORT_VARIABLES[name]];
}

function external(name: string, address: string, probe: Probe): ExternalSpec {
  return { type: 'external', kind: 'infra', lane: null, name, dependsOn: [], address: withoutPassword(address), probe };
}

function task(name: string, dependsOn: readonly string[], run: () => Promise<void>): TaskSpec {
  return { type: 'task', name, dependsOn, run };
}
