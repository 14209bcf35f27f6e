import { rm } from 'node:fs/promises';
import { redisPrefix } from '@millrace/contracts';
import { createPool, createRedis } from '@millrace/stores';
import type { CliConfig } from '../config/cli.config.js';
import { layoutOf } from '../config/layout.js';
import { addressesOf } from '../stack/addresses.js';
import { deleteLaneOnBroker } from '../stack/topics.js';

/** What was removed of a lane. */
export interface LaneRemoval {
  readonly topics: number;
  readonly groups: number;
  readonly redisKeys: number;
  readonly rows: number;
}

const KEYS_A_SCAN = 1_000;

/** Removes everything a lane has left: topics, groups, Redis keys, rows and checkpoints. Its processes must have ended. Repeatable. */
export async function removeLaneData(config: CliConfig, lane: string): Promise<LaneRemoval> {
  const { redisUrl, postgresUrl } = addressesOf(config);
  const [broker, redisKeys, rows] = await Promise.all([deleteLaneOnBroker(config, lane), deleteKeys(redisUrl, lane), deleteRows(postgresUrl, lane)]);
  await rm(layoutOf(config.home).checkpoints(lane), { recursive: true, force: true });
  return { ...broker, redisKeys, rows };
}

async function deleteKeys(url: string, lane: string): Promise<number> {
  const redis = createRedis(url, 'cli');
  try {
    await redis.ready();
    return await redis.run(async (client) => {
      let removed = 0;
      let cursor = '0';
      do {
        const [next, keys] = await client.scan(cursor, 'MATCH', `${redisPrefix(lane)}*`, 'COUNT', KEYS_A_SCAN);
        cursor = next;
        if (keys.length > 0) removed += await client.unlink(...keys);
      } while (cursor !== '0');
      return removed;
    });
  } finally {
    await redis.close();
  }
}

/** Every table of ours with a column `lane` keeps the lanes apart by it; rows that hang on those go with them. */
async function deleteRows(url: string, lane: string): Promise<number> {
  const pool = createPool(url, 'cli', { max: 1 });
  try {
    return await pool.transaction(async (session) => {
      const tables = await session.query<{ name: string }>(
        `select quote_ident(c.table_name) as name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
         where c.table_schema = current_schema() and c.column_name = 'lane' and t.table_type = 'BASE TABLE' order by 1`,
      );
      let removed = 0;
      for (const { name } of tables) removed += await session.execute(`delete from ${name} where lane = $1`, [lane]);
      return removed;
    });
  } finally {
    await pool.close();
  }
}
