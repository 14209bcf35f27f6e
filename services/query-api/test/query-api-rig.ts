import { connect, type Socket } from 'node:net';
import type { MetricWindow } from '@millrace/contracts';
import { startService, type RunningService } from '@millrace/service-kit';
import { createPool, createRedis, migrate, PostgresMetricHistory, PostgresProductNames, RedisMetricCache, type PostgresPool, type RedisConnection } from '@millrace/stores';
import { address, createTestDatabase, makeMetricWindow, uniqueLane, until, type TestDatabase } from '@millrace/testing';
import { queryApi } from '../src/query-api.definition.js';

/** A query-api of its own lane and database, in this process. */
export class QueryApiRig {
  private constructor(
    readonly lane: string,
    readonly database: TestDatabase,
    readonly redis: RedisConnection,
    readonly pool: PostgresPool,
    readonly service: RunningService,
  ) {}

  static async open(env: Readonly<Record<string, string>> = {}): Promise<QueryApiRig> {
    const lane = uniqueLane();
    const database = await createTestDatabase();
    await migrate(database.url);
    const redis = createRedis(address('MILLRACE_REDIS_URL'), 'query-api-rig');
    await redis.ready();
    await new RedisMetricCache(redis).rebuild(lane, () => Promise.resolve());
    const service = await startService(queryApi, {
      MILLRACE_LANE: lane, MILLRACE_HTTP_PORT: '0', MILLRACE_POSTGRES_URL: database.url, MILLRACE_REDIS_URL: address('MILLRACE_REDIS_URL'),
      MILLRACE_LOG_LEVEL: 'fatal', MILLRACE_QUERY_API_STREAM_INTERVAL_MS: '20', ...env,
    });
    const rig = new QueryApiRig(lane, database, redis, createPool(database.url, 'query-api-rig', { max: 2 }), service);
    await until('query-api is ready', async () => (await fetch(`${service.url}/health/ready`)).ok);
    return rig;
  }

  get cache(): RedisMetricCache {
    return new RedisMetricCache(this.redis);
  }

  get history(): PostgresMetricHistory {
    return new PostgresMetricHistory(this.pool);
  }

  get names(): PostgresProductNames {
    return new PostgresProductNames(this.pool);
  }

  window(given: Partial<MetricWindow>): MetricWindow {
    return makeMetricWindow({ metricKey: 'orders{}', metric: 'orders', dimensions: {}, ...given, lane: this.lane });
  }

  async write(...windows: readonly Partial<MetricWindow>[]): Promise<void> {
    const whole = windows.map((given) => this.window(given));
    await this.history.write(this.lane, whole);
    await this.cache.write(this.lane, whole);
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.service.url}${path}`, init);
  }

  async json<T>(path: string): Promise<T> {
    const response = await this.get(path);
    if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Value of a Prometheus series of the service. */
  async counted(name: string): Promise<number> {
    const text = await (await this.get('/metrics')).text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${name}{`));
    return Number(line?.slice(line.lastIndexOf(' ') + 1) ?? Number.NaN);
  }

  /** A raw connection that has asked for `path` and reads nothing. */
  async silentReader(path: string): Promise<Socket> {
    const { hostname, port } = new URL(this.service.url);
    const socket = connect(Number(port), hostname);
    socket.pause();
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    return socket;
  }

  async close(): Promise<void> {
    await this.service.stop();
    await this.cache.removeLane(this.lane);
    await this.redis.close();
    await this.pool.close();
    await this.database.drop();
  }
}

export interface StreamMessage {
  readonly type: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

/** Reads a stream of server-sent events message by message. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = '';

  constructor(
    response: Response,
    private readonly cancel: AbortController,
  ) {
    if (response.body === null) throw new TypeError('a stream without a body');
    this.#reader = response.body.getReader();
  }

  static async open(rig: QueryApiRig, lastEventId?: string): Promise<EventReader> {
    const cancel = new AbortController();
    const response = await rig.get('/api/stream', { signal: cancel.signal, headers: lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId } });
    return new EventReader(response, cancel);
  }

  /** The next message; null at the end of the stream. */
  async next(): Promise<StreamMessage | null> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const message = parse(block);
        if (message !== null) return message;
        continue;
      }
      const { value, done } = await this.#reader.read();
      if (done) return null;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  close(): void {
    this.cancel.abort();
  }
}

function parse(block: string): StreamMessage | null {
  const field = (name: string): string => block.split('\n').find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
  const data = field('data');
  return data === '' ? null : { type: field('event'), id: field('id'), data: JSON.parse(data) as Record<string, unknown> };
}
