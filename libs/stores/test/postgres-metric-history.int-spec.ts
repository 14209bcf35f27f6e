import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MetricWindow } from '@millrace/contracts';
import { createPool, migrate, PostgresMetricHistory, type PostgresPool } from '../src/index.js';
import { createDatabase, type OwnDatabase } from './own-database.js';
import { shuffled } from './shuffle.js';
import { MINUTE, START, windowAt } from './windows.js';

const all = { metricKey: 'revenue{currency=EUR}', window: '1m', from: -Infinity, to: Infinity };

describe('PostgresMetricHistory', () => {
  let database: OwnDatabase;
  let pool: PostgresPool;
  let history: PostgresMetricHistory;

  beforeAll(async () => {
    database = await createDatabase();
    await migrate(database.url);
    pool = createPool(database.url, 'stores-test');
    history = new PostgresMetricHistory(pool);
  });
  afterAll(async () => {
    await pool.close();
    await database.drop();
  });

  it('gives a window back as it was, with its evidence', async () => {
    const window = windowAt(0, Number.MAX_SAFE_INTEGER, {
      lane: 'exact', value: Number.MAX_SAFE_INTEGER, watermark: null, final: true, dimensions: { country: 'ü"{\\', currency: 'EUR' },
      items: [{ key: 'a', value: 0.1 }], windowStart: START + 1, computedAt: START + 123,
    });
    await history.write('exact', [window]);
    expect(await history.find('exact', window.metricKey, '1m', START + 1)).toEqual(window);
    expect(await history.find('exact', window.metricKey, '1m', START)).toBeNull();
    expect(await history.find('live', window.metricKey, '1m', START + 1)).toBeNull();
  });

  it('keeps the highest revision under shuffled writers at once', async () => {
    const windows = Array.from({ length: 30 }, (_, index) => Array.from({ length: 20 }, (__, revision) => windowAt(index, revision + 1))).flat();
    await Promise.all([1, 2, 3, 4].map(async (seed) => {
      const mine = shuffled(windows, seed * 104_729);
      for (let at = 0; at < mine.length; at += 50) await history.write('many', mine.slice(at, at + 50));
    }));
    const [points] = await history.series('many', [all]);
    expect(points?.map(({ windowStart, revision, value }) => [windowStart, revision, value])).toEqual(
      Array.from({ length: 30 }, (_, index) => [START + index * MINUTE, 20, index * 1_000 + 20]),
    );
  });

  it('counts what changed nothing', async () => {
    expect(await history.write('counted', [windowAt(0, 2), windowAt(0, 1), windowAt(1, 1)])).toEqual({ applied: 2, stale: 1, expired: 0 });
    expect(await history.write('counted', [windowAt(0, 2), windowAt(1, 2)])).toEqual({ applied: 1, stale: 1, expired: 0 });
    expect(await history.write('counted', [])).toEqual({ applied: 0, stale: 0, expired: 0 });
  });

  it('reads the newest of every set of dimensions, ranges half-open, and the newest within a limit', async () => {
    await history.write('read', [...Array.from({ length: 6 }, (_, index) => windowAt(index, 1)), windowAt(2, 1, { dimensions: { currency: 'USD' } })]);
    const newest = await history.latest('read', [{ metric: 'revenue', window: '1m' }]);
    expect(newest.map(({ dimensions, windowStart }) => [dimensions['currency'], (windowStart - START) / MINUTE])).toEqual([['EUR', 5], ['USD', 2]]);
    const [range, limited] = await history.series('read', [{ ...all, from: START + MINUTE, to: START + 3 * MINUTE }, { ...all, limit: 2 }]);
    expect(range?.map(({ windowStart }) => (windowStart - START) / MINUTE)).toEqual([1, 2]);
    expect(limited?.map(({ windowStart }) => (windowStart - START) / MINUTE)).toEqual([4, 5]);
  });

  it('gives for a rebuild what lies within the bound of each key', async () => {
    const keys = Array.from({ length: 45 }, (_, key) => ({ dimensions: { currency: `C${String(key)}` } }));
    await history.write('rebuild', keys.flatMap((change, key) => [0, 5, 10].map((index) => windowAt(index + key, 1, change))));
    const found: MetricWindow[] = [];
    for await (const chunk of history.recent('rebuild', { '1m': 10 * MINUTE })) found.push(...chunk);
    expect(found).toHaveLength(45 * 2);
    expect(found.filter(({ metricKey }) => metricKey === 'revenue{currency=C7}').map(({ windowStart }) => (windowStart - START) / MINUTE).sort((a, b) => a - b)).toEqual([12, 17]);
  });

  it('removes one lane and leaves the others', async () => {
    await history.write('gone', [windowAt(0, 1)]);
    await history.write('stays', [windowAt(0, 1)]);
    await history.removeLane('gone');
    expect((await history.series('gone', [all]))[0]).toEqual([]);
    expect((await history.series('stays', [all]))[0]).toHaveLength(1);
  });
});
