import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool, migrate, StoreRejectedError, StoreUnavailableError, UnsafeNumberError, type PostgresPool } from '../src/index.js';
import { createDatabase, type OwnDatabase } from './own-database.js';

describe('migrate', () => {
  it('lets services start together: all succeed, each file runs once', async () => {
    const database = await createDatabase();
    try {
      const runs = await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)]);
      expect(runs.flat().filter((name) => name === '0001_metric-windows')).toHaveLength(1);
      expect(await migrate(database.url)).toEqual([]);
    } finally {
      await database.drop();
    }
  });

  it('says retriably that there is no server', async () => {
    await expect(migrate('postgres://x:y@127.0.0.1:1/z')).rejects.toBeInstanceOf(StoreUnavailableError);
  });
});

describe('createPool', () => {
  let database: OwnDatabase;
  let pool: PostgresPool;

  beforeAll(async () => {
    database = await createDatabase();
    pool = createPool(database.url, 'stores-test', { max: 3, statementTimeoutMs: 2_000 });
  });
  afterAll(async () => {
    await pool.close();
    await database.drop();
  });

  const becomes = (up: boolean): Promise<void> =>
    new Promise((resolve) => {
      const stop = pool.onStateChange((now) => {
        if (now !== up) return;
        stop();
        resolve();
      });
    });

  it('reads bigint and numeric as numbers, and throws where digits would be lost', async () => {
    expect(await pool.query('select 9007199254740991::bigint as a, 12.50::numeric as b, count(*) as c, array[1,2]::bigint[] as d from generate_series(1, 3)')).toEqual([
      { a: 9007199254740991, b: 12.5, c: 3, d: [1, 2] },
    ]);
    await expect(pool.query('select 9007199254740993::bigint')).rejects.toBeInstanceOf(UnsafeNumberError);
  });

  it('rolls back a transaction that throws, and its connection serves on', async () => {
    await pool.execute('create table kept (id int primary key)');
    await expect(pool.transaction(async (tx) => {
      await tx.execute('insert into kept values (1)');
      throw new RangeError('no');
    })).rejects.toBeInstanceOf(RangeError);
    expect(await pool.query('select * from kept')).toEqual([]);
    expect(await pool.transaction((tx) => tx.execute('insert into kept values (1), (2)'))).toBe(2);
  });

  it('tells a broken constraint from an outage', async () => {
    await expect(pool.execute('insert into kept values (1)')).rejects.toMatchObject({ name: 'StoreRejectedError', code: '23505', constraint: 'kept_pkey' });
    await expect(pool.query('select $1::text', ['a\u0000b'])).rejects.toBeInstanceOf(StoreRejectedError);
  });

  it('cuts a statement that takes too long', async () => {
    await expect(pool.query('select pg_sleep(30)')).rejects.toMatchObject({ reason: 'timeout', retriable: true });
  });

  it('F31: survives the termination of every connection, busy and idle', async () => {
    await pool.query('select 1');
    const [down, inFlight] = [becomes(false), pool.query('select pg_sleep(1.5)')];
    const broken = expect(inFlight).rejects.toMatchObject({ name: 'StoreUnavailableError', retriable: true });
    const busy = `select pid from pg_stat_activity where datname = '${database.name}' and query like 'select pg_sleep%' and state = 'active'`;
    const witness = createPool(process.env['MILLRACE_POSTGRES_URL'] ?? '', 'stores-test-witness', { max: 1 });
    while ((await witness.query(busy)).length === 0);
    const back = down.then(() => becomes(true));
    await witness.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database.name}'`);
    await witness.close();
    await broken;
    await back;
    expect(await pool.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('F31: survives the termination of a connection that a transaction holds while it does something else', async () => {
    await pool.query('select 1');
    await expect(pool.transaction(async (tx) => {
      const [mine] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      const down = becomes(false);
      await database.admin(`select pg_terminate_backend(${String(mine?.pid)})`);
      await down;
      await tx.query('select 1');
    })).rejects.toMatchObject({ name: 'StoreUnavailableError', retriable: true });
    expect(await pool.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('F31: blocks retriably while the database is read-only', async () => {
    await pool.transaction(async (tx) => {
      await tx.execute('set transaction read only');
      await expect(tx.execute('insert into kept values (77)')).rejects.toMatchObject({ reason: 'read-only', retriable: true });
    });
  });

  it('F31: blocks retriably when there are too many connections', async () => {
    await database.admin(`create role ${database.name} login password 'x' connection limit 0`);
    const url = new URL(database.url);
    url.username = database.name;
    url.password = 'x';
    const limited = createPool(url.href, 'stores-test');
    await expect(limited.query('select 1')).rejects.toMatchObject({ reason: 'capacity', retriable: true });
    expect(limited.isUp()).toBe(false);
    await limited.close();
    await database.admin(`drop role ${database.name}`);
  });

  it('a server that is not there delays nobody, and is down', async () => {
    const nobody = createPool('postgres://x:y@127.0.0.1:1/z', 'stores-test');
    await expect(nobody.query('select 1')).rejects.toMatchObject({ reason: 'connection', retriable: true });
    expect(nobody.isUp()).toBe(false);
    expect(nobody.downReason()).toContain('ECONNREFUSED');
    await nobody.close();
  });
});
