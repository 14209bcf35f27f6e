import { fraudLabelEvent, fraudScore, inLane, truthEvent, type EventContract } from '@millrace/contracts';
import { contractTopic, type EventPublisher } from '@millrace/kafka';
import { startService, type RunningService } from '@millrace/service-kit';
import { createPool, type PostgresPool } from '@millrace/stores';
import { address, createTestDatabase, testKafka, until, type TestDatabase, type TestKafka } from '@millrace/testing';
import kafkajs from 'kafkajs';
import { fraudDesk } from '../src/fraud-desk.definition.js';

const GROUP = 'fraud-desk';
const TOPICS: readonly EventContract<unknown>[] = [fraudScore, fraudLabelEvent, truthEvent];

/** A lane, a database and a fraud desk of the test's own on the real stack. */
export class DeskRig {
  #service: RunningService | null = null;

  private constructor(
    readonly test: TestKafka,
    readonly database: TestDatabase,
    readonly postgres: PostgresPool,
    readonly publisher: EventPublisher,
    readonly env: Readonly<Record<string, string>>,
  ) {}

  static async open(env: Readonly<Record<string, string>> = {}): Promise<DeskRig> {
    const test = testKafka();
    const database = await createTestDatabase();
    const admin = await test.kafka.admin();
    await admin.createTopics(TOPICS.map((contract) => contractTopic(test.lane, contract)));
    await admin.close();
    return new DeskRig(test, database, createPool(database.url, 'desk-test', { max: 2 }), await test.kafka.publisher(), {
      MILLRACE_LANE: test.lane,
      MILLRACE_KAFKA_BROKERS: address('MILLRACE_KAFKA_BROKERS'),
      MILLRACE_REGISTRY_URL: address('MILLRACE_REGISTRY_URL'),
      MILLRACE_POSTGRES_URL: database.url,
      MILLRACE_HTTP_PORT: '0',
      MILLRACE_LOG_LEVEL: process.env['DESK_TEST_LOG'] ?? 'fatal',
      MILLRACE_FRAUD_DESK_QUALITY_EVERY_MS: '50',
      ...env,
    });
  }

  get lane(): string {
    return this.test.lane;
  }

  async start(): Promise<void> {
    this.#service = await startService(fraudDesk, this.env);
    await until('the desk is ready', async () => (await this.get('/health/ready')).ok);
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
    this.#service = null;
  }

  get url(): string {
    return this.#service?.url ?? '';
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  async json<T>(path: string): Promise<T> {
    const response = await this.get(path);
    if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${await response.text()}`);
    return (await response.json()) as T;
  }

  post(path: string, body: unknown): Promise<Response> {
    return this.get(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  async series(name: string): Promise<string[]> {
    return (await (await this.get('/metrics')).text()).split('\n').filter((line) => line.startsWith(`${name}{`));
  }

  /** Waits until the group has handled all that lies in the three topics. */
  async caughtUp(): Promise<void> {
    const admin = await this.test.kafka.admin();
    const group = inLane(this.lane, GROUP);
    const client = new kafkajs.Kafka({ brokers: [...this.test.settings.brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
    await client.connect();
    try {
      await until('the desk to catch up', async () => {
        for (const topic of TOPICS.map((contract) => inLane(this.lane, contract.topic))) {
          const committed = new Map((await client.fetchOffsets({ groupId: group, topics: [topic] })).flatMap(({ partitions }) => partitions.map(({ partition, offset }) => [partition, Number(offset)])));
          if (!(await admin.offsets(topic)).every(({ partition, high }) => high === 0 || (committed.get(partition) ?? -1) >= high)) return false;
        }
        return true;
      });
    } finally {
      await client.disconnect();
      await admin.close();
    }
  }

  /** Deletes what a partition of the scores holds, as retention does. */
  async expireScores(partition: number): Promise<void> {
    const topic = inLane(this.lane, fraudScore.topic);
    const admin = new kafkajs.Kafka({ brokers: [...this.test.settings.brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    // kafkajs deletes records only of topics it has been asked about.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: '-1' }] });
    await admin.disconnect();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.publisher.close();
    await this.postgres.close();
    await this.test.clean();
    await this.database.drop();
  }
}
