import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { classifyPostgres } from './postgres.errors.js';

/** The same place seen from `src` and from `dist`. */
const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));
const TABLE = 'millrace_migrations';

/**
 * Brings the database to the newest schema: every file of `migrations/` not yet run, in the order of their numbers, in one transaction.
 * Callers at the same time wait for each other. Returns the names of the files that ran. Throws `StoreUnavailableError`.
 */
export async function migrate(url: string, log: (line: string) => void = () => undefined): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'millrace-migrate', connectionTimeoutMillis: 5_000 });
  client.on('error', (error) => { log(error.message); });
  try {
    await client.connect();
    const done = await runner({
      dbClient: client,
      dir: MIGRATIONS,
      ignorePattern: '(?!.*\\.sql$).*',
      migrationsTable: TABLE,
      direction: 'up',
      checkOrder: true,
      advisoryLockMode: 'wait',
      singleTransaction: true,
      log,
    });
    return done.map(({ name }) => name);
  } catch (error) {
    throw classifyPostgres(error);
  } finally {
    await client.end();
  }
}
