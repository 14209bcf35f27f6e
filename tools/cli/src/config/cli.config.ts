import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { LIVE_LANE, LaneNameError, parseLane } from '@millrace/contracts';
import { z } from 'zod';
import { ConfigError } from '../cli-errors.js';

const port = (fallback: number, what: string) => z.coerce.number().int().min(1).max(65535).default(fallback).describe(what);
const heap = (fallback: string, what: string) =>
  z
    .string()
    .regex(/^\d+[mg]$/, 'must be like 512m or 2g')
    .default(fallback)
    .describe(what);
const optional = (what: string) => z.string().min(1).optional().describe(what);

/** Every variable the command itself reads. Others that begin with MILLRACE_ reach the processes unchanged. */
export const envSchema = z.object({
  MILLRACE_HOME: optional('state of the local stack; default .millrace in the repository'),
  MILLRACE_CACHE: optional('downloads; default ~/.cache/millrace'),
  MILLRACE_LANE: z.string().default(LIVE_LANE).describe('lane of the services'),
  MILLRACE_KAFKA_BROKERS: optional('brokers of your own: then no Kafka is started'),
  MILLRACE_REGISTRY_URL: z.url().optional().describe('Confluent-compatible registry of your own: then none is started'),
  MILLRACE_REGISTRY_MODE: z
    .enum(['register', 'read-only'])
    .default('register')
    .describe('what becomes of a schema that the registry does not have; register: up, import and the services it starts register it; read-only: an error'),
  MILLRACE_REDIS_URL: z.url().optional().describe('Redis of your own: then none is started'),
  MILLRACE_POSTGRES_URL: z.url().optional().describe('PostgreSQL of your own: then none is started'),
  MILLRACE_KAFKA_PORT: port(19092, 'port of the local Kafka'),
  MILLRACE_KAFKA_CONTROLLER_PORT: port(19093, "port of the local Kafka's controller"),
  MILLRACE_REGISTRY_PORT: port(18081, 'port of the local schema registry'),
  MILLRACE_REDIS_PORT: port(16379, 'port of the local Redis'),
  MILLRACE_POSTGRES_PORT: port(15432, 'port of the local PostgreSQL'),
  MILLRACE_QUERY_API_PORT: port(8080, 'port of the dashboard and the query API'),
  MILLRACE_SIMULATOR_PORT: port(8101, 'port of the simulator'),
  MILLRACE_METRICS_SINK_PORT: port(8102, 'port of the metrics sink'),
  MILLRACE_RULER_PORT: port(8103, 'port of the ruler'),
  MILLRACE_NOTIFIER_PORT: port(8104, 'port of the notifier'),
  MILLRACE_FRAUD_DESK_PORT: port(8105, 'port of the fraud desk'),
  MILLRACE_SPARK_METRICS_PORT: port(8110, "port of Spark's health and metrics"),
  MILLRACE_SPARK_FRAUD_PORT: port(8111, "port of the scoring job's health and metrics"),
  MILLRACE_KAFKA_HEAP: heap('512m', "greatest heap of Kafka's JVM"),
  MILLRACE_REGISTRY_HEAP: heap('192m', "greatest heap of the registry's JVM"),
  MILLRACE_JAVA: optional('the java program; default JAVA_HOME/bin/java, else java on PATH'),
  MILLRACE_PYTHON: optional('the python program of the venv; default .millrace/venv/bin/python'),
  MILLRACE_START_TIMEOUT_SECONDS: z.coerce.number().int().min(1).default(120).describe('longest start of one process'),
  MILLRACE_LOG_MAX_BYTES: z.coerce.number().int().min(4096).default(10 * 2 ** 20).describe('size at which a log file is rotated'),
});

export type CliEnv = z.infer<typeof envSchema>;

/** Where things lie, and what the environment says. Absolute paths. */
export interface CliConfig {
  readonly root: string;
  readonly home: string;
  readonly cache: string;
  readonly lane: string;
  readonly env: CliEnv;
  /** What a started process inherits: the environment with .env beneath it. */
  readonly inherited: Readonly<Record<string, string>>;
}

/** The repository this program belongs to: the first folder upward that holds `tools/cli`. */
export function findRoot(from: string = dirname(fileURLToPath(import.meta.url))): string {
  let folder = from;
  while (!existsSync(join(folder, 'tools', 'cli', 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new ConfigError([`${from} is in no Millrace repository`]);
    folder = parent;
  }
  return folder;
}

/** Reads the environment once, with `.env` of the repository beneath it. Throws {@link ConfigError} with all problems at once. */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env, root: string = findRoot()): CliConfig {
  const inherited = { ...readDotEnv(join(root, '.env')), ...withoutUndefined(environment) };
  const nonEmpty = Object.fromEntries(Object.entries(inherited).filter(([, value]) => value !== ''));
  const parsed = envSchema.safeParse(nonEmpty);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  }
  const env = parsed.data;
  return {
    root,
    home: resolve(root, env.MILLRACE_HOME ?? '.millrace'),
    cache: resolve(root, env.MILLRACE_CACHE ?? join(homedir(), '.cache', 'millrace')),
    lane: laneOf(env.MILLRACE_LANE),
    env,
    inherited,
  };
}

function laneOf(name: string): string {
  try {
    return parseLane(name);
  } catch (error) {
    if (error instanceof LaneNameError) throw new ConfigError([`MILLRACE_LANE: ${error.message}`]);
    throw error;
  }
}

function readDotEnv(path: string): Record<string, string> {
  return existsSync(path) ? withoutUndefined(parseEnv(readFileSync(path, 'utf8'))) : {};
}

function withoutUndefined(values: NodeJS.Dict<string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
