import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createPool } from '@millrace/stores';
import { createTestDatabase, until, within, type TestDatabase } from '@millrace/testing';
import { pino } from 'pino';
import { DatabaseStart } from '../src/database-start.js';
import { Lifecycle } from '../src/lifecycle.js';

jest.setTimeout(60_000);

describe('the start of a service that works on PostgreSQL', () => {
  let database: TestDatabase;
  /** The way to the database, which can be closed. */
  let gate: net.Server;
  let refusing: boolean;
  let refused: number;
  let lifecycle: Lifecycle;
  let start: DatabaseStart;

  beforeEach(async () => {
    database = await createTestDatabase();
    const url = new URL(database.url);
    const target = { host: url.hostname, port: Number(url.port) };
    [refusing, refused] = [false, 0];
    gate = net.createServer((client) => {
      if (refusing) {
        refused++;
        client.resetAndDestroy();
        return;
      }
      const server = net.connect(target);
      // Either side may be reset at its end: nobody's error.
      for (const [socket, other] of [[client, server], [server, client]] as const) socket.on('error', () => other.destroy());
      client.pipe(server).pipe(client);
    });
    await once(gate.listen(0, '127.0.0.1'), 'listening');
    url.host = `127.0.0.1:${String((gate.address() as net.AddressInfo).port)}`;
    const logger = pino({ level: 'silent' });
    lifecycle = new Lifecycle(logger);
    start = new DatabaseStart({ config: { postgresUrl: url.href }, lifecycle, logger });
  });

  afterEach(async () => {
    await lifecycle.release();
    await new Promise((resolve) => gate.close(resolve));
    await database.drop();
  });

  it('waits while the database is away, then migrates it, does the work, and is ready', async () => {
    refusing = true;
    const tables: unknown[] = [];
    start.begin(async () => {
      const pool = createPool(database.url, 'start-spec');
      tables.push(...(await pool.query("select to_regclass('metric_windows') is not null as there")));
      await pool.close();
    });
    await until('two attempts', () => refused > 1);
    expect(tables).toEqual([]);
    expect(lifecycle.failures()).toEqual({ start: 'starting' });
    refusing = false;
    await until('the start to be done', () => Object.keys(lifecycle.failures()).length === 0);
    expect(tables).toEqual([{ there: true }]);
  });

  it('ends its waiting at a release, without the work and without a failure', async () => {
    refusing = true;
    let worked = false;
    let failed = false;
    lifecycle.onFailure(() => { failed = true; });
    start.begin(() => { worked = true; });
    await until('an attempt', () => refused > 0);
    await within('the release', lifecycle.release());
    expect([worked, failed]).toEqual([false, false]);
  });

  it('ends the process where the work fails', async () => {
    const failure = new Promise<Error>((resolve) => { lifecycle.onFailure(resolve); });
    start.begin(() => { throw new RangeError('no such thing'); });
    expect((await within('the failure', failure)).message).toBe('no such thing');
    expect(lifecycle.failures()).toMatchObject({ start: 'starting' });
  });
});
