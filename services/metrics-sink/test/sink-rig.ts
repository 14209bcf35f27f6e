import { randomUUID } from 'node:crypto';
import { deadLetterTopic, inLane, metricWindow, type MetricWindow } from '@millrace/contracts';
import { createKafka, type EventAdmin, type EventPublisher, type KafkaConnection } from '@millrace/kafka';
import { createPool, createRedis, migrate, PostgresMetricHistory, RedisMetricCache, type PostgresPool, type RedisConnection } from '@millrace/stores';
import { createDatabase, type OwnDatabase } from '@millrace/stores/testing';

const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

export const TOPIC = metricWindow.topic;
const GROUP = 'metrics-sink';

/** A lane and a database of the test's own on the real stack, and eyes on all that the sink leaves behind. */
export class SinkRig {
  private constructor(
    readonly lane: string,
    readonly database: OwnDatabase,
    readonly redisUrl: string,
    readonly kafka: KafkaConnection,
    readonly admin: EventAdmin,
    readonly publisher: EventPublisher,
    readonly postgres: PostgresPool,
    readonly redis: RedisConnection,
  ) {}

  static async open(redisUrl: string = required('MILLRACE_REDIS_URL')): Promise<SinkRig> {
    const lane = `t${randomUUID().slice(0, 12)}`;
    const database = await createDatabase();
    // As every service does; the sink finds it done.
    await migrate(database.url);
    const kafka = createKafka({ brokers: required('MILLRACE_KAFKA_BROKERS').split(','), registryUrl: required('MILLRACE_REGISTRY_URL'), lane, clientId: 'sink-test' });
    const admin = await kafka.admin();
    const { partitions } = metricWindow.settings;
    await admin.createTopics([{ name: inLane(lane, TOPIC), partitions }]);
    const redis = createRedis(redisUrl, 'sink-test');
    await redis.ready();
    return new SinkRig(lane, database, redisUrl, kafka, admin, await kafka.publisher(), createPool(database.url, 'sink-test'), redis);
  }

  get env(): Record<string, string> {
    return {
      MILLRACE_LANE: this.lane,
      MILLRACE_KAFKA_BROKERS: required('MILLRACE_KAFKA_BROKERS'),
      MILLRACE_REGISTRY_URL: required('MILLRACE_REGISTRY_URL'),
      MILLRACE_REDIS_URL: this.redisUrl,
      MILLRACE_POSTGRES_URL: this.database.url,
      MILLRACE_HTTP_PORT: '0',
      MILLRACE_LOG_LEVEL: process.env['SINK_TEST_LOG'] ?? 'fatal',
      MILLRACE_METRICS_SINK_CACHE_CHECK_MS: '100',
    };
  }

  get history(): PostgresMetricHistory {
    return new PostgresMetricHistory(this.postgres);
  }

  get cache(): RedisMetricCache {
    return new RedisMetricCache(this.redis);
  }

  publish(windows: readonly MetricWindow[]): Promise<void> {
    return this.publisher.publishAll(metricWindow, windows.map((window) => ({ ...window, lane: this.lane })));
  }

  /** Records that lie in the dead-letter topic. */
  async deadLetters(): Promise<number> {
    const offsets = await this.admin.offsets(deadLetterTopic(this.lane, TOPIC, GROUP));
    return offsets.reduce((sum, { low, high }) => sum + high - low, 0);
  }

  async close(): Promise<void> {
    await this.publisher.close();
    await this.cache.removeLane(this.lane);
    await this.redis.close();
    await this.postgres.close();
    await this.admin.deleteGroups([inLane(this.lane, GROUP)]);
    await this.admin.deleteTopics((await this.admin.listTopics()).filter((name) => name.startsWith(`${this.lane}.`)));
    await this.admin.close();
    await this.database.drop();
  }
}

/** Long enough for a busy machine; only a failing test waits for it, ms. */
const PATIENCE_MS = 45_000;

/** Asks again and again until the answer satisfies; tells the last answer when it never does. */
export async function until<T>(ask: () => Promise<T>, satisfies: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (satisfies(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`never satisfied; the last answer was ${JSON.stringify(answer)}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}
