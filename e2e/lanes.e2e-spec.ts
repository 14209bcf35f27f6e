import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { orderEvent } from '@millrace/contracts';
import { address, makeOrder, testKafka, uniqueLane, until } from '@millrace/testing';
import { createRedis, RedisMetricCache, type RedisConnection } from '@millrace/stores';
import { millrace } from './support/command.js';
import { StoredMetrics } from './support/stored.js';

describe('two lanes side by side', () => {
  const [first, second] = [uniqueLane(), uniqueLane()];
  let home: string;
  let redis: RedisConnection;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'millrace-lanes-'));
    redis = createRedis(address('MILLRACE_REDIS_URL'), 'e2e');
    await redis.ready();
    expect(await millrace(home, ['up', '--only', 'infra'])).toMatchObject({ code: 0 });
    for (const lane of [first, second]) expect(await millrace(home, ['lane', 'up', lane])).toMatchObject({ code: 0 });
    await place(first, 3);
    await place(second, 5);
  }, 240_000);

  afterAll(async () => {
    await millrace(home, ['down']);
    await redis.close();
    await rm(home, { recursive: true, force: true });
  }, 60_000);

  it('each counts its own orders and nothing of the other, in PostgreSQL and in Redis', async () => {
    await until('the orders of both lanes', async () => (await ordersOf(first)) === 3 && (await ordersOf(second)) === 5, 60_000);
    expect([await cachedOrders(redis, first), await cachedOrders(redis, second)]).toEqual([3, 5]);
    await place(second, 1);
    await until('one more order in the second lane', async () => (await ordersOf(second)) === 6, 60_000);
    expect(await ordersOf(first)).toBe(3);
  }, 150_000);

  it('are listed with their processes', async () => {
    const { stdout } = await millrace(home, ['lane', 'list', '--json']);
    const lanes = JSON.parse(stdout) as { lane: string; running: { name: string; state: string }[] }[];
    expect(lanes.map(({ lane }) => lane).sort()).toEqual([first, second].sort());
    for (const { lane, running } of lanes) expect(running.map(({ name }) => name).sort()).toEqual([`${lane}.metrics-sink`, `${lane}.spark`]);
  });

  it('one goes down with its topics, groups, keys and rows, and the other stays as it is', async () => {
    expect(await millrace(home, ['lane', 'down', first])).toMatchObject({ code: 0 });
    const admin = await testKafka(second).kafka.admin();
    try {
      const topics = await admin.listTopics();
      expect(topics.filter((topic) => topic.startsWith(`${first}.`))).toEqual([]);
      expect(topics).toContain(`${second}.shop.orders.v1`);
      const groups = await admin.listGroups();
      expect(groups.filter((group) => group.startsWith(`${first}.`))).toEqual([]);
    } finally {
      await admin.close();
    }
    expect(await redis.run((client) => client.keys(`millrace:${first}:*`))).toEqual([]);
    expect(await ordersOf(first)).toBe(0);
    expect([await ordersOf(second), await cachedOrders(redis, second)]).toEqual([6, 6]);
    await place(second, 1);
    await until('the second lane to go on', async () => (await ordersOf(second)) === 7, 60_000);
    expect(await millrace(home, ['lane', 'down', second])).toMatchObject({ code: 0 });
  }, 150_000);

  it('refuses a lane that would be mistaken for a topic', async () => {
    const refused = await millrace(home, ['lane', 'up', 'shop']);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('cannot name a lane');
  });
});

async function place(lane: string, orders: number): Promise<void> {
  const publisher = await testKafka(lane).kafka.publisher();
  await publisher.publishAll(orderEvent, Array.from({ length: orders }, () => makeOrder({ eventType: 'PLACED' })));
  await publisher.close();
}

async function ordersOf(lane: string): Promise<number> {
  const stored = new StoredMetrics(lane);
  try {
    return sum(await stored.all());
  } finally {
    await stored.close();
  }
}

async function cachedOrders(redis: RedisConnection, lane: string): Promise<number> {
  return sum(await new RedisMetricCache(redis).latest(lane, [{ metric: 'orders', window: '1d' }]));
}

function sum(readings: readonly { readonly metricKey: string; readonly window: string; readonly value: number }[]): number {
  return readings.filter(({ metricKey, window }) => metricKey === 'orders{}' && window === '1d').reduce((total, { value }) => total + value, 0);
}
