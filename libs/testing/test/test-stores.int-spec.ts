import { expect, it } from '@jest/globals';
import { redisPrefix } from '@millrace/contracts';
import { createPool, createRedis } from '@millrace/stores';
import { address, cleanRedis, createTestDatabase, uniqueLane } from '@millrace/testing';

it('gives an empty database, and removes it while connections are open', async () => {
  const database = await createTestDatabase();
  const pool = createPool(database.url, 'spec');
  await pool.execute('create table t (a int)');
  expect(await pool.query('select count(*) as rows from t')).toEqual([{ rows: 0 }]);
  await database.drop();
  await expect(pool.query('select 1')).rejects.toThrow();
  await pool.close();
});

it("removes a lane's keys and no other's", async () => {
  const [mine, other] = [uniqueLane(), uniqueLane()];
  const redis = createRedis(address('MILLRACE_REDIS_URL'), 'spec');
  await redis.ready();
  for (const lane of [mine, other]) await redis.run((client) => client.set(`${redisPrefix(lane)}key`, '1'));
  await cleanRedis(mine);
  const left = await redis.run((client) => client.mget(`${redisPrefix(mine)}key`, `${redisPrefix(other)}key`));
  expect(left).toEqual([null, '1']);
  await cleanRedis(other);
  await redis.close();
});
