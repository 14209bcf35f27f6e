import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertEvent, fraudScore, inLane, metricWindow, type AlertEvent, type MetricWindow } from '@millrace/contracts';
import { subscribe, type EventConsumer, type EventPublisher } from '@millrace/kafka';
import { createPool, migrate, type PostgresPool } from '@millrace/stores';
import { createTestDatabase, makeMetricWindow, testKafka, type TestDatabase, type TestKafka } from '@millrace/testing';

export const MINUTE = 60_000;
export const NOON = Date.UTC(2026, 0, 5, 12);

/** A lane, a database and a rules file of the test's own, and an ear on `alerts.v1`. */
export class RulerRig {
  private constructor(
    /** What `alerts.v1` has held so far. */
    readonly alerts: readonly AlertEvent[],
    readonly test: TestKafka,
    readonly database: TestDatabase,
    readonly postgres: PostgresPool,
    readonly publisher: EventPublisher,
    private readonly folder: string,
    private readonly ear: EventConsumer,
  ) {}

  static async open(rules: string): Promise<RulerRig> {
    const test = testKafka();
    const database = await createTestDatabase();
    await migrate(database.url);
    const admin = await test.kafka.admin();
    await admin.createTopics([metricWindow, fraudScore, alertEvent].map(({ topic, settings }) => ({ name: inLane(test.lane, topic), partitions: settings.partitions })));
    await admin.close();
    const folder = await mkdtemp(join(tmpdir(), 'ruler-'));
    const heard: AlertEvent[] = [];
    const ear = test.kafka.consumer({
      group: 'ear',
      subscriptions: [subscribe(alertEvent, (events) => {
        heard.push(...events.map(({ event }) => event));
        return Promise.resolve();
      })],
    });
    await ear.start();
    const rig = new RulerRig(heard, test, database, createPool(database.url, 'ruler-test'), await test.kafka.publisher(), folder, ear);
    await rig.writeRules(rules);
    return rig;
  }

  get rulesFile(): string {
    return join(this.folder, 'rules.yaml');
  }

  get env(): Record<string, string> {
    const { settings, lane } = this.test;
    return {
      MILLRACE_LANE: lane,
      MILLRACE_KAFKA_BROKERS: settings.brokers.join(','),
      MILLRACE_REGISTRY_URL: settings.registryUrl,
      MILLRACE_POSTGRES_URL: this.database.url,
      MILLRACE_HTTP_PORT: '0',
      MILLRACE_RULER_RULES: this.rulesFile,
    };
  }

  async writeRules(rules: string): Promise<void> {
    await writeFile(this.rulesFile, `version: 1\nrules:\n${rules}`);
  }

  /** Publishes windows of `orders`, each complete: value by minute. */
  publish(values: Readonly<Record<number, number>>, change: Partial<MetricWindow> = {}): Promise<void> {
    const windows = Object.entries(values).map(([minute, value]) => {
      const windowStart = NOON + Number(minute) * MINUTE;
      return makeMetricWindow({
        metric: 'orders', dimensions: {}, windowStart, value, count: value,
        final: true, watermark: windowStart + MINUTE, lane: this.test.lane,
        sourceOffsets: [{ topic: inLane(this.test.lane, 'shop.orders.v1'), partition: 1, firstOffset: Number(minute) * 10, lastOffset: Number(minute) * 10 + 9 }],
        ...change,
      });
    });
    return this.publisher.publishAll(metricWindow, windows);
  }

  /** Alerts heard, each as `FIRING 3-` or `RESOLVED 3-5`: minutes of start and end. */
  get story(): string[] {
    const minute = (at: number | null): string => (at === null ? '' : String((at - NOON) / MINUTE));
    return this.alerts.map(({ status, startsAt, endsAt }) => `${status} ${minute(startsAt)}-${minute(endsAt)}`);
  }

  async close(): Promise<void> {
    await this.ear.stop();
    await this.publisher.close();
    await this.postgres.close();
    await this.test.clean();
    await this.database.drop();
    await rm(this.folder, { recursive: true });
  }
}
