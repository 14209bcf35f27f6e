import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPool, migrate, type PostgresPool } from '@millrace/stores';
import { createTestDatabase, type TestDatabase } from '@millrace/testing';
import { PostgresDeliveryQueue } from '../src/delivery/postgres-delivery-queue.js';

const LANE = 'live';
const DAY_MS = 86_400_000;

describe('the delivery queue', () => {
  let database: TestDatabase;
  let pool: PostgresPool;
  let queue: PostgresDeliveryQueue;
  /** A delivery of an integration, with attempts so many days ago. */
  const tried = async (integration: string, state: string, attempts: readonly (readonly [daysAgo: number, outcome: string])[]): Promise<void> => {
    const [row] = await pool.query<{ id: number }>(
      `insert into deliveries (lane, receiver, integration, group_key, notice, fingerprints, status, fence, message_id, state) values ($1, $2, $2, 'g', '{}', '{}', 'FIRING', 1, gen_random_uuid()::text, $3) returning id`,
      [LANE, integration, state],
    );
    for (const [daysAgo, outcome] of attempts) {
      await pool.execute("insert into delivery_attempts (delivery_id, attempt, started_at, duration_ms, outcome) values ($1, 1, now() - $2 * interval '1 day', 1, $3)", [row?.id, daysAgo, outcome]);
    }
  };

  beforeEach(async () => {
    database = await createTestDatabase();
    await migrate(database.url);
    pool = createPool(database.url, 'test');
    queue = new PostgresDeliveryQueue(pool, LANE);
  });
  afterEach(async () => {
    await pool.close();
    await database.drop();
  });

  it('switches off who was asked in vain for days, and nobody who took something since or was not asked again', async () => {
    await tried('dead', 'failed', [[6, 'retry'], [3, 'failed']]);
    await tried('dead', 'pending', [[0.5, 'retry']]);
    await tried('revived', 'failed', [[6, 'failed']]);
    await tried('revived', 'delivered', [[3, 'delivered']]);
    await tried('revived', 'pending', [[0.5, 'retry']]);
    await tried('once', 'failed', [[6, 'failed']]);
    await tried('well', 'delivered', [[6, 'delivered'], [0.5, 'delivered']]);
    await tried('fresh', 'pending', []);
    expect(await queue.switchOffDead(5 * DAY_MS)).toEqual(['dead']);
    expect(await queue.switchOffDead(5 * DAY_MS)).toEqual([]);
    expect(await queue.disabled()).toMatchObject([{ integration: 'dead', reason: 'it took nothing for 5.0 days' }]);
    expect(await pool.query('select integration, state from deliveries where integration = $1 order by id', ['dead'])).toMatchObject([{ state: 'failed' }, { state: 'disabled' }]);
    expect(await pool.query("select integration from deliveries where state = 'pending' order by integration")).toEqual([{ integration: 'fresh' }, { integration: 'revived' }]);
    expect(await queue.enable(['dead'])).toBe(true);
  });
});
