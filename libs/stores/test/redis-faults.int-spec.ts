import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRedis, RedisMetricCache, StoreUnavailableError, type RedisConnection } from '../src/index.js';
import { OwnRedis } from './own-redis.js';
import { windowAt } from './windows.js';

const all = { metricKey: 'revenue{currency=EUR}', window: '1m', from: 0, to: Number.MAX_SAFE_INTEGER };

describe('F30: a Redis that cannot write', () => {
  let server: OwnRedis;
  let redis: RedisConnection;
  let cache: RedisMetricCache;

  beforeAll(async () => {
    server = await OwnRedis.start();
    redis = createRedis(server.url, 'stores-test', { commandTimeoutMs: 500 });
    await redis.ready();
    cache = new RedisMetricCache(redis);
  });
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });

  const config = (name: string, value: string): Promise<unknown> => redis.run((client) => client.config('SET', name, value));

  it.each([
    ['OOM', 'capacity', 'maxmemory', '1mb', '0'],
    ['NOREPLICAS', 'read-only', 'min-replicas-to-write', '1', '0'],
  ])('%s: refuses retriably, changes nothing, and writes again after', async (_name, reason, option, bad, good) => {
    await cache.write('live', [windowAt(0, 1)]);
    await config(option, bad);
    await expect(cache.write('live', [windowAt(0, 2)])).rejects.toMatchObject({ name: 'StoreUnavailableError', reason, retriable: true });
    expect((await cache.series('live', [all]))[0]).toMatchObject([{ revision: 1 }]);
    await config(option, good);
    expect(await cache.write('live', [windowAt(0, 2)])).toMatchObject({ applied: 1 });
    await redis.run((client) => client.flushall());
  });

  it('READONLY: refuses retriably, and writes again once it is a master', async () => {
    await redis.run((client) => client.replicaof('127.0.0.1', '1'));
    await expect(cache.write('live', [windowAt(0, 2)])).rejects.toMatchObject({ name: 'StoreUnavailableError', reason: 'read-only' });
    await redis.run((client) => client.replicaof('NO', 'ONE'));
    expect(await cache.write('live', [windowAt(0, 2)])).toMatchObject({ applied: 1 });
  });

  it('CLIENT PAUSE: a write without an answer times out retriably; the retry finds it done or does it', async () => {
    await redis.run((client) => client.call('CLIENT', 'PAUSE', '900', 'WRITE'));
    await expect(cache.write('live', [windowAt(7, 3)])).rejects.toMatchObject({ reason: 'timeout', retriable: true });
    await redis.run((client) => client.call('CLIENT', 'UNPAUSE'));
    await cache.write('live', [windowAt(7, 3)]);
    expect((await cache.series('live', [all]))[0]?.at(-1)).toMatchObject({ revision: 3 });
  });

  it('kill -9: is down, fails at once and retriably, comes back by itself', async () => {
    const down = new Promise<void>((resolve) => redis.onStateChange((up) => { if (!up) resolve(); }));
    await server.kill('SIGKILL');
    await down;
    expect(redis.isUp()).toBe(false);
    expect(redis.downReason()).not.toBe('');
    await expect(cache.write('live', [windowAt(0, 3)])).rejects.toBeInstanceOf(StoreUnavailableError);
    await server.startAgain();
    await redis.ready();
    expect(await cache.write('live', [windowAt(0, 3)])).toMatchObject({ applied: 1 });
  });

  it('hears a channel again after a restart, and says that it may have missed something', async () => {
    const heard: string[] = [];
    let tell = (): void => undefined;
    const message = new Promise<void>((resolve) => { tell = resolve; });
    let gap = (): void => undefined;
    const gone = new Promise<void>((resolve) => { gap = resolve; });
    const end = await redis.subscribe('news', (text) => { heard.push(text); tell(); }, () => { gap(); });
    await server.kill('SIGKILL');
    await server.startAgain();
    await Promise.all([gone, redis.ready()]);
    // `gone` comes with the connection; the subscription follows it on the same socket, seen by the count of those who heard.
    for (let heardBy = 0; heardBy === 0;) heardBy = await redis.run((client) => client.publish('news', 'again'));
    await message;
    await end();
    expect(heard[0]).toBe('again');
  });

  it('a server that is not there delays nobody', async () => {
    const nobody = createRedis('redis://127.0.0.1:1/0', 'stores-test');
    await expect(nobody.run((client) => client.get('x'))).rejects.toMatchObject({ reason: 'connection', retriable: true });
    await expect(nobody.ready(50)).rejects.toBeInstanceOf(StoreUnavailableError);
    await nobody.close();
  });
});
