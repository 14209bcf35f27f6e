import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool, migrate, PostgresProductNames, type PostgresPool, type ProductName } from '../src/index.js';
import { createDatabase, type OwnDatabase } from './own-database.js';
import { shuffled } from './shuffle.js';
import { START } from './windows.js';

const given = (productId: string, name: string, at: number): ProductName => ({ productId, name, namedAt: START + at });

describe('PostgresProductNames', () => {
  let database: OwnDatabase;
  let pool: PostgresPool;
  let names: PostgresProductNames;

  beforeAll(async () => {
    database = await createDatabase();
    await migrate(database.url);
    pool = createPool(database.url, 'stores-test');
    names = new PostgresProductNames(pool);
  });
  afterAll(async () => {
    await pool.close();
    await database.drop();
  });

  const found = async (lane: string, ...ids: string[]): Promise<[string, string][]> => [...(await names.find(lane, ids))].sort();

  it('keeps the name given last in event time under shuffled writers at once', async () => {
    const products = Array.from({ length: 40 }, (_, at) => `p${String(at)}`);
    const history = products.flatMap((id) => Array.from({ length: 20 }, (_, at) => given(id, `${id} v${String(at).padStart(2, '0')}`, at - (at % 2))));
    await Promise.all([1, 2, 3, 4].map(async (seed) => {
      const mine = shuffled(history, seed * 104_729);
      for (let at = 0; at < mine.length; at += 50) await names.write('many', mine.slice(at, at + 50));
    }));
    // The last two are of the same millisecond: the greater name stays.
    expect(await found('many', ...products)).toEqual(products.map((id) => [id, `${id} v19`]).sort());
  });

  it('changes nothing when it is given the same again, or what was true before', async () => {
    expect(await names.write('again', [given('p1', 'Hose', 5), given('p2', 'Rake', 5)])).toBe(2);
    expect(await names.write('again', [given('p1', 'Hose', 5), given('p2', 'Old rake', 4)])).toBe(0);
    expect(await names.write('again', [given('p1', 'Hose, 20 m', 6)])).toBe(1);
    expect(await names.write('again', [])).toBe(0);
    expect(await found('again', 'p1', 'p2', 'p3')).toEqual([['p1', 'Hose, 20 m'], ['p2', 'Rake']]);
    expect(await found('again')).toEqual([]);
  });

  it('keeps lanes apart, and texts as they are', async () => {
    await names.write('lane-a', [given('__proto__', `O'Neill "ü" \\ 🪴`, 1)]);
    await names.write('lane-b', [given('__proto__', 'another', 0)]);
    expect(await found('lane-a', '__proto__')).toEqual([['__proto__', `O'Neill "ü" \\ 🪴`]]);
    expect(await found('lane-b', '__proto__')).toEqual([['__proto__', 'another']]);
  });
});
