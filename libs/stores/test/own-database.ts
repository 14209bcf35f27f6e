import { randomUUID } from 'node:crypto';
import { createPool } from '../src/index.js';

/** A database of the test's own. */
export interface OwnDatabase {
  readonly name: string;
  readonly url: string;
  /** Runs SQL on the server, outside that database. */
  admin(sql: string): Promise<void>;
  drop(): Promise<void>;
}

export async function createDatabase(): Promise<OwnDatabase> {
  const server = process.env['MILLRACE_POSTGRES_URL'];
  if (server === undefined) throw new Error('MILLRACE_POSTGRES_URL is not set');
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  const admin = async (sql: string): Promise<void> => {
    const pool = createPool(server, 'millrace-test-admin', { max: 1 });
    try {
      await pool.execute(sql);
    } finally {
      await pool.close();
    }
  };
  await admin(`create database ${name}`);
  return { name, url: url.href, admin, drop: () => admin(`drop database ${name} with (force)`) };
}
