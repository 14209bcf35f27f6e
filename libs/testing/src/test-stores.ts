import { createPool, createRedis, type RedisConnection } from '@millrace/stores';
import { redisPrefix } from '@millrace/contracts';
import { address } from './addresses.js';
import { uniqueName } from './unique.names.js';

/** An empty database for one spec. */
export interface TestDatabase {
  readonly url: string;
  /** Ends every connection to it and removes it. */
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = address('MILLRACE_POSTGRES_URL');
  const name = uniqueName('test_');
  const server = createPool(serverUrl, 'millrace-test', { max: 1 });
  await server.execute(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await server.execute(`drop database if exists ${name} with (force)`);
      await server.close();
    },
  };
}

/** Removes all keys of a lane. */
export async function cleanRedis(lane: string): Promise<void> {
  const redis = createRedis(address('MILLRACE_REDIS_URL'), 'millrace-test');
  try {
    await redis.ready();
    await removeKeys(redis, `${redisPrefix(lane)}*`);
  } finally {
    await redis.close();
  }
}

async function removeKeys(redis: RedisConnection, pattern: string): Promise<void> {
  await redis.run(async (client) => {
    let cursor = '0';
    do {
      const [next, keys] = await client.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000);
      if (keys.length > 0) await client.unlink(...keys);
      cursor = next;
    } while (cursor !== '0');
  });
}
