import type { CliConfig } from '../config/cli.config.js';

/** Where the four components are reached, local or not. */
export interface Addresses {
  readonly brokers: string;
  readonly registryUrl: string;
  readonly redisUrl: string;
  readonly postgresUrl: string;
}

/** Addresses out of the configuration; a component without one is the local one. */
export function addressesOf({ env }: CliConfig): Addresses {
  return {
    brokers: env.MILLRACE_KAFKA_BROKERS ?? `127.0.0.1:${String(env.MILLRACE_KAFKA_PORT)}`,
    registryUrl: (env.MILLRACE_REGISTRY_URL ?? `http://127.0.0.1:${String(env.MILLRACE_REGISTRY_PORT)}/apis/ccompat/v7`).replace(/\/$/, ''),
    redisUrl: env.MILLRACE_REDIS_URL ?? `redis://127.0.0.1:${String(env.MILLRACE_REDIS_PORT)}/0`,
    postgresUrl: env.MILLRACE_POSTGRES_URL ?? `postgres://millrace:millrace@127.0.0.1:${String(env.MILLRACE_POSTGRES_PORT)}/millrace`,
  };
}

/** The variables by which every process, and every test, finds them. */
export function addressEnv(addresses: Addresses): Record<string, string> {
  return {
    MILLRACE_KAFKA_BROKERS: addresses.brokers,
    MILLRACE_REGISTRY_URL: addresses.registryUrl,
    MILLRACE_REDIS_URL: addresses.redisUrl,
    MILLRACE_POSTGRES_URL: addresses.postgresUrl,
  };
}

/** A URL as it may be shown: without its password. */
export function withoutPassword(address: string): string {
  return address.replace(/(:\/\/[^:/@]*):[^@/]*@/, '$1:***@');
}
