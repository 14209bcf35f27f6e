import { parseLane } from '@millrace/contracts';
import { z } from 'zod';
import { isTimeZone } from './local-time.js';

/** The environment of a process is incomplete or wrong. Lists every problem at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(`configuration: ${problems.join('; ')}`);
  }
}

/** An environment variable: its name, how it is parsed, and its default in `schema`. */
export interface Setting<T> {
  readonly env: string;
  readonly doc: string;
  readonly schema: z.ZodType<T>;
  /** True: never printed. */
  readonly sensitive?: boolean;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type ConfigOf<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** Declares one setting; `schema` must accept undefined where there is a default. */
export function setting<T>(env: string, doc: string, schema: z.ZodType<T>, options: { sensitive?: boolean } = {}): Setting<T> {
  return { env, doc, schema, ...options };
}

const port = (fallback: number): z.ZodType<number> => z.coerce.number().int().min(0).max(65535).default(fallback);

/** Environment booleans: true/false, 1/0, yes/no. */
export const envBoolean = (fallback: boolean): z.ZodType<boolean> =>
  z
    .enum(['true', 'false', '1', '0', 'yes', 'no'])
    .default(fallback ? 'true' : 'false')
    .transform((text) => ['true', '1', 'yes'].includes(text));

const lane = z.string().default('live').superRefine((name, context) => {
  try {
    parseLane(name);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
  }
});

const timeZone = z.string().default('UTC').refine(isTimeZone, 'is no IANA time zone');

/** What every service reads. */
export function commonSettings(defaultPort: number) {
  return {
    lane: setting('MILLRACE_LANE', 'The lane this process works in.', lane),
    brokers: setting(
      'MILLRACE_KAFKA_BROKERS',
      'Kafka bootstrap servers, comma-separated.',
      z.string().min(1).default('127.0.0.1:19092').transform((text) => text.split(',').map((broker) => broker.trim()).filter((broker) => broker !== '')),
    ),
    registryUrl: setting('MILLRACE_REGISTRY_URL', 'Confluent-compatible schema registry.', z.url().default('http://127.0.0.1:18081/apis/ccompat/v7')),
    registryMode: setting(
      'MILLRACE_REGISTRY_MODE',
      'What becomes of a schema that the registry does not have. read-only: an error; register: it is registered, FULL_TRANSITIVE.',
      z.enum(['read-only', 'register']).default('read-only'),
    ),
    redisUrl: setting('MILLRACE_REDIS_URL', 'Redis.', z.url().default('redis://127.0.0.1:16379/0'), { sensitive: true }),
    postgresUrl: setting('MILLRACE_POSTGRES_URL', 'PostgreSQL.', z.url().default('postgres://millrace:millrace@127.0.0.1:15432/millrace'), { sensitive: true }),
    httpHost: setting('MILLRACE_HTTP_HOST', 'Address the HTTP server listens on.', z.string().min(1).default('127.0.0.1')),
    httpPort: setting('MILLRACE_HTTP_PORT', 'Port of health, metrics and API; 0 takes a free one.', port(defaultPort)),
    logLevel: setting('MILLRACE_LOG_LEVEL', 'trace, debug, info, warn, error or fatal.', z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info')),
    shopTimeZone: setting('MILLRACE_SHOP_TIME_ZONE', 'IANA time zone of the shop: where its days and months begin.', timeZone),
  } as const;
}

export type CommonSettings = ReturnType<typeof commonSettings>;
export type CommonConfig = ConfigOf<CommonSettings>;

/** Reads and checks the environment once. Throws {@link ConfigError} that names every bad variable. */
export function readConfig<S extends Settings>(settings: S, env: Readonly<Record<string, string | undefined>>): ConfigOf<S> {
  const problems: string[] = [];
  const config: Record<string, unknown> = {};
  for (const [name, { env: variable, schema, sensitive }] of Object.entries(settings)) {
    const text = env[variable] === '' ? undefined : env[variable];
    const result = schema.safeParse(text);
    if (result.success) config[name] = result.data;
    else problems.push(`${variable}${text === undefined || sensitive === true ? '' : `="${text}"`}: ${result.error.issues.map(({ message }) => message).join(', ')}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config) as ConfigOf<S>;
}
