import { randomUUID } from 'node:crypto';
import { once, EventEmitter } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createRedis, CACHE_BOUNDS, RedisMetricCache, type MetricReading, type RedisConnection } from '../src/index.js';
import { OwnRedis } from './own-redis.js';
import { shuffled } from './shuffle.js';
import { MINUTE, START, windowAt } from './windows.js';

const url = process.env['MILLRACE_REDIS_URL'] ?? '';
const KEY = 'revenue{currency=EUR}';
const all = { metricKey: KEY, window: '1m', from: 0, to: Number.MAX_SAFE_INTEGER };

describe('RedisMetricCache', () => {
  let redis: RedisConnection;
  let cache: RedisMetricCache;
  const lanes: string[] = [];
  const newLane = (): string => {
    const lane = `t${randomUUID().slice(0, 13)}`;
    lanes.push(lane);
    return lane;
  };

  beforeAll(async () => {
    redis = createRedis(url, 'stores-test');
    await redis.ready();
    cache = new RedisMetricCache(redis);
  });
  afterEach(async () => {
    for (const lane of lanes.splice(0)) await cache.removeLane(lane);
  });
  afterAll(async () => {
    await redis.close();
  });

  it('gives back what was written, money to the last unit', async () => {
    const lane = newLane();
    const windows = [
      windowAt(0, 1, { value: Number.MAX_SAFE_INTEGER }),
      windowAt(1, 1, { value: 0.1 + 0.2, watermark: null, final: true, items: [{ key: 'p"1\\', value: 1e-7 }] }),
      windowAt(2, Number.MAX_SAFE_INTEGER, { value: -9_007_199_254_740_991, count: 0 }),
    ];
    expect(await cache.write(lane, windows)).toEqual({ applied: 3, stale: 0, expired: 0 });
    const [points] = await cache.series(lane, [all]);
    expect(points).toHaveLength(3);
    for (const [at, point] of (points ?? []).entries()) expect(windows[at]).toMatchObject(point);
    expect(points?.map(({ value }) => value)).toEqual(windows.map(({ value }) => value));
  });

  it('keeps the highest revision under shuffled writers at once', async () => {
    const lane = newLane();
    const windows = Array.from({ length: 40 }, (_, index) => Array.from({ length: 25 }, (__, revision) => windowAt(index, revision + 1))).flat();
    const writers = await Promise.all([1, 2, 3, 4].map(async (seed) => {
      const connection = createRedis(url, `stores-test-${String(seed)}`);
      await connection.ready();
      return { connection, cache: new RedisMetricCache(connection), windows: shuffled(windows, seed * 7_919) };
    }));
    const outcomes = await Promise.all(writers.map(async (writer) => {
      const total = { applied: 0, stale: 0 };
      for (let at = 0; at < writer.windows.length; at += 7) {
        const { applied, stale } = await writer.cache.write(lane, writer.windows.slice(at, at + 7));
        total.applied += applied;
        total.stale += stale;
      }
      return total;
    }));
    await Promise.all(writers.map(({ connection }) => connection.close()));
    const [points] = await cache.series(lane, [all]);
    expect(points?.map(({ windowStart, revision, value }) => [windowStart, revision, value])).toEqual(
      Array.from({ length: 40 }, (_, index) => [START + index * MINUTE, 25, index * 1_000 + 25]),
    );
    expect((await cache.latest(lane, [{ metric: 'revenue', window: '1m' }]))[0]).toMatchObject({ windowStart: START + 39 * MINUTE, revision: 25 });
    expect(outcomes.reduce((sum, { applied, stale }) => sum + applied + stale, 0)).toBe(4 * windows.length);
  });

  it('lets neither an equal nor a lower revision win', async () => {
    const lane = newLane();
    await cache.write(lane, [windowAt(0, 5, { value: 55 })]);
    expect(await cache.write(lane, [windowAt(0, 5, { value: 1 })])).toMatchObject({ applied: 0, stale: 1 });
    expect(await cache.write(lane, [windowAt(0, 4, { value: 2 })])).toMatchObject({ applied: 0, stale: 1 });
    expect((await cache.series(lane, [all]))[0]).toMatchObject([{ revision: 5, value: 55 }]);
  });

  it('takes late windows within the bound, and none older; a late one is not the newest', async () => {
    const lane = newLane();
    const bound = CACHE_BOUNDS['1m'] / MINUTE;
    await cache.write(lane, [windowAt(0, 1), windowAt(bound, 1)]);
    expect((await cache.series(lane, [all]))[0]?.map(({ windowStart }) => windowStart)).toEqual([START + bound * MINUTE]);
    expect(await cache.write(lane, [windowAt(0, 9), windowAt(1, 2)])).toEqual({ applied: 1, stale: 0, expired: 1 });
    expect((await cache.series(lane, [all]))[0]).toHaveLength(2);
    expect(await cache.latest(lane, [{ metric: 'revenue', window: '1m' }])).toMatchObject([{ windowStart: START + bound * MINUTE }]);
  });

  it('corrects the newest reading when a higher revision of it comes', async () => {
    const lane = newLane();
    await cache.write(lane, [windowAt(0, 1), windowAt(1, 1)]);
    await cache.write(lane, [windowAt(1, 2), windowAt(0, 2)]);
    expect(await cache.latest(lane, [{ metric: 'revenue', window: '1m' }])).toMatchObject([{ windowStart: START + MINUTE, revision: 2 }]);
  });

  it('shows a metric in all its dimensions at once, and only in the window asked for', async () => {
    const lane = newLane();
    await cache.write(lane, [
      windowAt(0, 1), windowAt(0, 1, { dimensions: { currency: 'USD' } }), windowAt(0, 1, { dimensions: { country: 'a{=,}\\', currency: 'EUR' } }),
      windowAt(0, 1, { window: '1d' }), windowAt(0, 1, { metric: 'orders', dimensions: {} }),
    ]);
    const readings = await cache.latest(lane, [{ metric: 'revenue', window: '1m' }, { metric: 'orders', window: '1m' }, { metric: 'none', window: '1m' }]);
    expect(readings).toHaveLength(4);
    expect(new Set(readings.map(({ metric, dimensions }) => JSON.stringify([metric, dimensions])))).toEqual(new Set([
      '["orders",{}]',
      '["revenue",{"country":"a{=,}\\\\","currency":"EUR"}]',
      '["revenue",{"currency":"EUR"}]',
      '["revenue",{"currency":"USD"}]',
    ]));
  });

  it('reads a half-open range, and of more than the limit the newest', async () => {
    const lane = newLane();
    await cache.write(lane, Array.from({ length: 10 }, (_, index) => windowAt(index, 1)));
    const starts = async (change: object): Promise<number[] | undefined> =>
      (await cache.series(lane, [{ ...all, ...change }]))[0]?.map(({ windowStart }) => (windowStart - START) / MINUTE);
    expect(await starts({ from: START + 2 * MINUTE, to: START + 5 * MINUTE })).toEqual([2, 3, 4]);
    expect(await starts({ limit: 3 })).toEqual([7, 8, 9]);
  });

  it('tells subscribers what was applied, not what was stale or restored', async () => {
    const lane = newLane();
    const events = new EventEmitter();
    const heard: MetricReading[] = [];
    const end = await cache.subscribe(lane, (readings) => {
      heard.push(...readings);
      events.emit('heard');
    });
    await cache.restore(lane, [windowAt(0, 1)]);
    await cache.write(lane, [windowAt(0, 1)]);
    const next = once(events, 'heard');
    await cache.write(lane, [windowAt(0, 1), windowAt(1, 4)]);
    await next;
    await end();
    expect(heard).toMatchObject([{ metricKey: KEY, window: '1m', revision: 4, dimensions: { currency: 'EUR' } }]);
  });

  it('removes one lane and leaves the others', async () => {
    const [one, other] = [newLane(), newLane()];
    await cache.write(one, [windowAt(0, 1)]);
    await cache.write(other, [windowAt(0, 1)]);
    await cache.removeLane(one);
    expect((await cache.series(one, [all]))[0]).toEqual([]);
    expect((await cache.series(other, [all]))[0]).toHaveLength(1);
  });
});

describe('F30: a Redis that loses data', () => {
  let server: OwnRedis;
  let redis: RedisConnection;
  let cache: RedisMetricCache;
  const history = Array.from({ length: 50 }, (_, index) => windowAt(index, 2));
  const fill = async (): Promise<void> => {
    await cache.restore('live', history);
  };

  beforeAll(async () => {
    server = await OwnRedis.start();
    redis = createRedis(server.url, 'stores-test');
    await redis.ready();
    cache = new RedisMetricCache(redis);
  });
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });

  it('is incomplete until rebuilt, and again after FLUSHALL', async () => {
    expect(await cache.isComplete('live')).toBe(false);
    expect(await cache.rebuild('live', fill)).toBe(true);
    expect(await cache.isComplete('live')).toBe(true);
    await redis.run((client) => client.flushall());
    expect(await cache.isComplete('live')).toBe(false);
    expect(await cache.rebuild('live', fill)).toBe(true);
    expect((await cache.series('live', [all]))[0]).toHaveLength(50);
  });

  it('does not call itself complete when it is flushed while it is rebuilt', async () => {
    expect(await cache.rebuild('live', async () => {
      await fill();
      await redis.run((client) => client.flushall());
    })).toBe(false);
    expect(await cache.isComplete('live')).toBe(false);
  });

  it('lets a rebuild change nothing that is newer than history', async () => {
    await cache.write('live', [windowAt(3, 9, { value: 999 })]);
    await cache.rebuild('live', fill);
    expect((await cache.series('live', [all]))[0]?.[3]).toMatchObject({ revision: 9, value: 999 });
  });

  it('repairs the newest reading when only that was evicted', async () => {
    await cache.rebuild('live', fill);
    await redis.run((client) => client.del('millrace:live:metrics:latest:1m:revenue'));
    await fill();
    expect(await cache.latest('live', [{ metric: 'revenue', window: '1m' }])).toMatchObject([{ windowStart: START + 49 * MINUTE, revision: 2 }]);
  });

  it('is incomplete once keys were evicted', async () => {
    await cache.rebuild('live', fill);
    await redis.run(async (client) => {
      const [, used] = /used_memory:(\d+)/.exec(await client.info('memory')) ?? [];
      await client.config('SET', 'maxmemory-policy', 'allkeys-random');
      await client.config('SET', 'maxmemory', String(Number(used) + 50_000));
      for (let at = 0; at < 200; at += 1) await client.set(`filler:${String(at)}`, 'x'.repeat(1_000));
      await client.config('SET', 'maxmemory', '0');
    });
    expect(await cache.isComplete('live')).toBe(false);
  });

  it('is incomplete after a restart, also where an old snapshot came back', async () => {
    await cache.rebuild('live', fill);
    await redis.run((client) => client.save());
    await cache.write('live', [windowAt(60, 1)]);
    const back = new Promise<void>((resolve) => redis.onStateChange((up) => { if (up) resolve(); }));
    await server.kill('SIGKILL');
    await server.startAgain();
    await back;
    expect((await cache.series('live', [all]))[0]?.length).toBeGreaterThanOrEqual(50);
    expect(await cache.isComplete('live')).toBe(false);
  });
});
