import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startService, type RunningService } from '@millrace/service-kit';
import { RedisMetricCache } from '@millrace/stores';
import { OwnRedis, windowAt } from '@millrace/stores/testing';
import { metricsSink } from '../src/metrics-sink.definition.js';
import { WindowWriter } from '../src/window-writer.js';
import { SinkRig, until } from './sink-rig.js';

jest.setTimeout(90_000);

const all = { metricKey: 'revenue{currency=EUR}', window: '1m', from: 0, to: Number.MAX_SAFE_INTEGER };
const range = (from: number, to: number, revision = 1) => Array.from({ length: to - from }, (_, at) => windowAt(from + at, revision));

/** Revisions in the order of their windows, and records set aside. */
interface Stored {
  readonly history: readonly number[];
  readonly cache: readonly number[];
  readonly deadLetters: number;
}

/** F30, F31: both stores hold exactly these revisions, and nothing was set aside. What is wrong, a line each. */
function wrongStored({ history, cache, deadLetters }: Stored, expected: readonly number[]): string[] {
  const wanted = expected.join(' ');
  const lines = Object.entries({ history, cache }).map(([store, revisions]) => [store, revisions.join(' ')] as const);
  return [
    ...lines.flatMap(([store, held]) => (held === wanted ? [] : [`${store}: ${held}`])),
    ...(deadLetters === 0 ? [] : [`${String(deadLetters)} dead letters`]),
  ];
}

describe('metrics-sink when a store fails', () => {
  let server: OwnRedis;
  let rig: SinkRig;
  let service: RunningService;

  beforeAll(async () => {
    server = await OwnRedis.start();
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    rig = await SinkRig.open(server.url);
    service = await startService(metricsSink, rig.env);
    await ready();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await service.stop();
    await config('maxmemory', '0');
    await config('maxmemory-policy', 'noeviction');
    await rig.close();
  });

  const failures = async (): Promise<Record<string, string>> => {
    const response = await fetch(`${service.url}/health/ready`);
    const body = (await response.json()) as { failures: Record<string, string> };
    expect(response.status).toBe(Object.keys(body.failures).length === 0 ? 200 : 503);
    return body.failures;
  };
  const ready = (): Promise<unknown> => until(failures, (now) => Object.keys(now).length === 0);
  const blocked = (): Promise<unknown> => until(failures, (now) => (now['consumer metrics-sink'] ?? '').includes('is blocked'));
  const config = (name: string, value: string): Promise<unknown> => rig.redis.run((client) => client.config('SET', name, value));
  const stored = async (): Promise<Stored> => {
    const [history, cache] = await Promise.all([rig.history.series(rig.lane, [all]), rig.cache.series(rig.lane, [all])]);
    return { history: (history[0] ?? []).map(({ revision }) => revision), cache: (cache[0] ?? []).map(({ revision }) => revision), deadLetters: await rig.deadLetters() };
  };
  const holds = (expected: readonly number[]): Promise<unknown> => until(async () => wrongStored(await stored(), expected), (wrong) => wrong.length === 0);
  const seriesKey = (): string => `millrace:${rig.lane}:metrics:series:1m:${all.metricKey}`;
  /** Fills Redis until it has thrown the series away. */
  const evict = async (): Promise<void> => {
    await config('maxmemory-policy', 'allkeys-lru');
    const used = /used_memory:(\d+)/.exec(await rig.redis.run((client) => client.info('memory')))?.[1];
    await config('maxmemory', String(Number(used) + 50_000));
    let filler = 0;
    await until(async () => {
      await rig.redis.run((client) => client.set(`filler:${String(filler++)}`, 'x'.repeat(10_000)));
      return rig.redis.run((client) => client.exists(seriesKey()));
    }, (there) => there === 0);
  };

  it.each([
    ['OOM', () => config('maxmemory', '1mb'), () => config('maxmemory', '0')],
    ['NOREPLICAS', () => config('min-replicas-to-write', '1'), () => config('min-replicas-to-write', '0')],
    ['READONLY', () => rig.redis.run((client) => client.replicaof('127.0.0.1', '1')), () => rig.redis.run((client) => client.replicaof('NO', 'ONE'))],
  ])('F30: %s: blocks, says so, commits nothing, dead-letters nothing; a successor finds all of it', async (_name, breakIt, mend) => {
    await rig.publish(range(0, 3));
    await holds([1, 1, 1]);
    await breakIt();
    await rig.publish([...range(0, 3, 2), ...range(3, 6, 2)]);
    await blocked();
    await service.stop();
    await mend();
    service = await startService(metricsSink, rig.env);
    await holds([2, 2, 2, 2, 2, 2]);
    await ready();
  });

  it.each([
    ['what it held back wins over nothing newer', () => Promise.resolve(0)],
    ['what it held back dies with its connection, and is written again', () => rig.redis.run((client) => client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'))],
  ])('F30: CLIENT PAUSE: blocks, commits nothing, goes on by itself; %s', async (_name, cut) => {
    await rig.publish(range(0, 3));
    await holds([1, 1, 1]);
    await rig.redis.run((client) => client.call('CLIENT', 'PAUSE', '60000', 'WRITE'));
    await rig.publish(range(0, 6, 2));
    await blocked();
    expect((await stored()).cache).toEqual([1, 1, 1]);
    await rig.publish(range(2, 6, 3));
    await cut();
    await rig.redis.run((client) => client.call('CLIENT', 'UNPAUSE'));
    await holds([2, 2, 3, 3, 3, 3]);
    await ready();
  });

  it('F30: eviction: says that it is incomplete, and is rebuilt from history once there is room; a lower revision does not win', async () => {
    await rig.publish(range(0, 50, 5));
    await holds(range(0, 50).map(() => 5));
    await evict();
    await until(failures, (now) => now['cache'] === 'Redis is not rebuilt from history yet');
    await config('maxmemory', '0');
    await rig.publish([...range(0, 50, 4), ...range(49, 51, 6)]);
    await holds([...range(0, 49).map(() => 5), 6, 6]);
    await ready();
  });

  it('F30: kill -9 of Redis: blocks, goes on by itself, and the cache holds everything again', async () => {
    await rig.publish(range(0, 50));
    await holds(range(0, 50).map(() => 1));
    await server.kill('SIGKILL');
    await rig.publish(range(25, 75, 2));
    await blocked();
    await server.startAgain();
    await rig.redis.ready();
    await holds([...range(0, 25).map(() => 1), ...range(25, 75).map(() => 2)]);
    await ready();
  });

  it('F30: FLUSHALL under load: rebuilt from history, the highest revision everywhere', async () => {
    await rig.publish(range(0, 200, 5));
    await holds(range(0, 200).map(() => 5));
    const load = (async () => {
      for (let revision = 6; revision <= 25; revision += 1) await rig.publish(range(100, 200, revision));
    })();
    await rig.redis.run((client) => client.flushall());
    await until(() => rig.cache.isComplete(rig.lane), (complete) => complete);
    await load;
    await holds([...range(0, 100).map(() => 5), ...range(100, 200).map(() => 25)]);
    expect(await rig.cache.latest(rig.lane, [{ metric: 'revenue', window: '1m' }])).toMatchObject([{ windowStart: windowAt(199, 1).windowStart, revision: 25 }]);
    await ready();
  });

  it('F31: every PostgreSQL connection terminated, again and again, under load: nothing is lost', async () => {
    const load = (async () => {
      for (let revision = 1; revision <= 20; revision += 1) await rig.publish(range(0, 50, revision));
    })();
    for (let round = 0; round < 5; round += 1) {
      await rig.database.admin(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${rig.database.name}' and application_name = 'metrics-sink'`);
    }
    await load;
    await holds(range(0, 50).map(() => 20));
    await ready();
  });

  it('F31: a read-only PostgreSQL: blocks without dead letters until it can be written again', async () => {
    const readOnly = async (value: string): Promise<void> => {
      await rig.database.admin(`alter database ${rig.database.name} set default_transaction_read_only = ${value}`);
      await rig.database.admin(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${rig.database.name}' and application_name = 'metrics-sink'`);
    };
    await readOnly('on');
    await rig.publish(range(0, 5));
    await blocked();
    expect((await stored()).history).toEqual([]);
    await readOnly('off');
    await holds([1, 1, 1, 1, 1]);
    await ready();
  });

  describe('F30: the check goes red', () => {
    it('for a sink that goes on while Redis is full', async () => {
      await rig.publish(range(0, 3));
      await holds([1, 1, 1]);
      // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its own `this`
      const { write } = WindowWriter.prototype;
      jest.spyOn(WindowWriter.prototype, 'write').mockImplementation(function goOn(this: WindowWriter, windows) { return write.call(this, windows).catch(() => undefined); });
      await config('maxmemory', '1mb');
      await rig.publish(range(0, 3, 2));
      await until(stored, ({ history }) => history.every((revision) => revision === 2));
      await service.stop();
      jest.restoreAllMocks();
      await config('maxmemory', '0');
      service = await startService(metricsSink, rig.env);
      await ready();
      expect(wrongStored(await stored(), [2, 2, 2])).toEqual(['cache: 1 1 1']);
    });

    it('for a cache without the rule of the higher revision', async () => {
      // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its own `this`
      const { write } = RedisMetricCache.prototype;
      jest.spyOn(RedisMetricCache.prototype, 'write').mockImplementation(async function lastWins(this: RedisMetricCache, lane, windows) {
        await rig.redis.run((client) => Promise.all(windows.map(({ windowStart }) => client.zremrangebyscore(seriesKey(), windowStart, windowStart))));
        return write.call(this, lane, windows);
      });
      await rig.publish(range(0, 3, 6));
      await until(stored, ({ cache }) => cache.length === 3);
      await rig.publish([...range(0, 2, 5), ...range(3, 4, 1)]);
      await until(stored, ({ cache }) => cache.length === 4);
      expect(wrongStored(await stored(), [6, 6, 6, 1])).toEqual(['cache: 5 5 6 1']);
    });

    it('for a keeper that does not see an eviction', async () => {
      await rig.publish(range(0, 3));
      await holds([1, 1, 1]);
      jest.spyOn(RedisMetricCache.prototype, 'isComplete').mockResolvedValue(true);
      await evict();
      await config('maxmemory', '0');
      await rig.publish(range(3, 4));
      await until(stored, ({ history, cache }) => history.length === 4 && cache.length > 0);
      expect(wrongStored(await stored(), [1, 1, 1, 1])).toEqual(['cache: 1']);
    });
  });
});
