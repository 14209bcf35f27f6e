import pg from 'pg';
import { ConnectionState, type StateListener } from './connection-state.js';
import { isError, StoreUnavailableError } from './errors.js';
import { classifyPostgres } from './postgres.errors.js';
import { parserFor } from './postgres.types.js';

export interface PoolOptions {
  /** Most connections. @default 8 */
  readonly max?: number;
  /** A statement that runs longer is cancelled by the server, ms. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** How long to wait for a connection, ms. @default 5000 */
  readonly connectTimeoutMs?: number;
}

/** Runs SQL. Throws `StoreUnavailableError` or `StoreRejectedError`. */
export interface PostgresSession {
  /** Rows of a query; `$1` is the first value. `bigint` and `numeric` are numbers, or the query throws where that would lose digits. */
  query<R>(sql: string, values?: readonly unknown[]): Promise<R[]>;
  /** Number of rows that a statement touched. */
  execute(sql: string, values?: readonly unknown[]): Promise<number>;
}

export interface PostgresPool extends PostgresSession {
  /** Runs `work` in one transaction on one connection: commits when it resolves, rolls back when it throws. */
  transaction<T>(work: (session: PostgresSession) => Promise<T>): Promise<T>;
  /** From the pool's events; costs nothing. */
  isUp(): boolean;
  /** Why it is down; empty while it is up. */
  downReason(): string;
  onStateChange(listener: StateListener): () => void;
  close(): Promise<void>;
}

const PROBE_FIRST_MS = 250;
const PROBE_LAST_MS = 2_000;

/** Opens a pool; connects in the background, so a server that is down delays nobody. `name` is seen in `pg_stat_activity`. */
export function createPool(url: string, name: string, options: PoolOptions = {}): PostgresPool {
  return new Pool(url, name, options);
}

class Pool implements PostgresPool {
  readonly #pool: pg.Pool;
  readonly #state = new ConnectionState();
  #probe: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  constructor(url: string, name: string, options: PoolOptions) {
    const statementTimeout = options.statementTimeoutMs ?? 30_000;
    this.#pool = new pg.Pool({
      connectionString: url,
      application_name: name,
      max: options.max ?? 8,
      // One connection stays open, so that the death of the server is heard while nobody asks for anything.
      min: 1,
      connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
      statement_timeout: statementTimeout,
      // The server's limit comes first; this one is for a server that has gone silent.
      query_timeout: statementTimeout + 5_000,
      idle_in_transaction_session_timeout: 60_000,
      keepAlive: true,
      types: { getTypeParser: parserFor },
    });
    // Without these two listeners a terminated connection ends the process: the pool hears of idle clients, a client of itself in use.
    this.#pool.on('error', (error) => { this.#broken(error); });
    this.#pool.on('connect', (client) => client.on('error', (error) => { this.#broken(error); }));
    this.#scheduleProbe(0);
  }

  isUp(): boolean {
    return this.#state.isUp();
  }

  downReason(): string {
    return this.#state.reason;
  }

  onStateChange(listener: StateListener): () => void {
    return this.#state.onChange(listener);
  }

  query<R>(sql: string, values: readonly unknown[] = []): Promise<R[]> {
    return this.#observe(() => sessionOf(this.#pool).query<R>(sql, values));
  }

  execute(sql: string, values: readonly unknown[] = []): Promise<number> {
    return this.#observe(() => sessionOf(this.#pool).execute(sql, values));
  }

  transaction<T>(work: (session: PostgresSession) => Promise<T>): Promise<T> {
    return this.#observe(async () => {
      const client = await this.#pool.connect();
      let broken: Error | undefined;
      try {
        await client.query('begin');
        const result = await work(sessionOf(client));
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch((cause: unknown) => { broken = isError(cause) ? cause : new Error(String(cause)); });
        throw error;
      } finally {
        // A client whose rollback failed is in an unknown state: it must not go back to the pool.
        client.release(broken);
      }
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    if (this.#probe !== null) clearTimeout(this.#probe);
    this.#state.set(false, 'closed');
    await this.#pool.end();
  }

  async #observe<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      if (this.#closing === null) this.#state.set(true);
      return result;
    } catch (error) {
      const known = classifyPostgres(error);
      if (known instanceof StoreUnavailableError && (known.reason === 'connection' || known.reason === 'starting')) this.#broken(known);
      throw known;
    }
  }

  #broken(error: Error): void {
    if (this.#closing !== null) return;
    this.#state.set(false, error.message);
    this.#scheduleProbe(PROBE_FIRST_MS);
  }

  /** While down, and only then, asks now and again whether the server is back. */
  #scheduleProbe(delayMs: number): void {
    if (this.#probe !== null || this.#closing !== null) return;
    this.#probe = setTimeout(() => {
      void this.#pool.query('select 1').then(
        () => {
          this.#probe = null;
          if (this.#closing === null) this.#state.set(true);
        },
        (error: unknown) => {
          this.#probe = null;
          if (this.#closing !== null) return;
          this.#state.set(false, isError(error) ? error.message : String(error));
          this.#scheduleProbe(Math.min(PROBE_LAST_MS, Math.max(PROBE_FIRST_MS, delayMs * 2)));
        },
      );
    }, delayMs);
    this.#probe.unref();
  }
}

function sessionOf(client: pg.Pool | pg.PoolClient): PostgresSession {
  return {
    query: async <R>(sql: string, values: readonly unknown[] = []): Promise<R[]> => {
      const result = await run(client, sql, values);
      return result.rows as R[];
    },
    execute: async (sql, values = []) => (await run(client, sql, values)).rowCount ?? 0,
  };
}

async function run(client: pg.Pool | pg.PoolClient, sql: string, values: readonly unknown[]): Promise<pg.QueryResult> {
  try {
    return await client.query(sql, [...values]);
  } catch (error) {
    throw classifyPostgres(error);
  }
}
