import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startService, type RunningService } from '@millrace/service-kit';
import { OwnRedis, windowAt } from '@millrace/stores/testing';
import { metricsSink } from '../src/metrics-sink.definition.js';
import { SinkRig, until } from './sink-rig.js';

jest.setTimeout(90_000);

const all = { metricKey: 'revenue{currency=EUR}', window: '1m', from: 0, to: Number.MAX_SAFE_INTEGER };
const range = (from: number, to: number, revision = 1) => Array.from({ length: to - from }, (_, at) => windowAt(from + at, revision));

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
    await service.stop();
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
  const revisions = async (): Promise<{ history: number[]; cache: number[] }> => {
    const [history, cache] = await Promise.all([rig.history.series(rig.lane, [all]), rig.cache.series(rig.lane, [all])]);
    return { history: (history[0] ?? []).map(({ revision }) => revision), cache: (cache[0] ?? []).map(({ revision }) => revision) };
  };
  const holds = (expected: readonly number[]): Promise<unknown> => {
    const text = JSON.stringify(expected);
    return until(revisions, ({ history, cache }) => JSON.stringify(history) === text && JSON.stringify(cache) === text);
  };

  it.each([
    ['OOM', () => config('maxmemory', '1mb'), () => config('maxmemory', '0')],
    ['NOREPLICAS', () => config('min-replicas-to-write', '1'), () => config('min-replicas-to-write', '0')],
    ['READONLY', () => rig.redis.run((client) => client.replicaof('127.0.0.1', '1')), () => rig.redis.run((client) => client.replicaof('NO', 'ONE'))],
  ])('%s: blocks, says so, commits nothing, dead-letters nothing; a successor finds all of it', async (_name, breakIt, mend) => {
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
    expect(await rig.deadLetters()).toBe(0);
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
    expect(await rig.deadLetters()).toBe(0);
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
    expect(await rig.deadLetters()).toBe(0);
  });

  it('F31: a read-only PostgreSQL: blocks without dead letters until it can be written again', async () => {
    const readOnly = async (value: string): Promise<void> => {
      await rig.database.admin(`alter database ${rig.database.name} set default_transaction_read_only = ${value}`);
      await rig.database.admin(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${rig.database.name}' and application_name = 'metrics-sink'`);
    };
    await readOnly('on');
    await rig.publish(range(0, 5));
    await blocked();
    expect((await revisions()).history).toEqual([]);
    await readOnly('off');
    await holds([1, 1, 1, 1, 1]);
    await ready();
    expect(await rig.deadLetters()).toBe(0);
  });
});
