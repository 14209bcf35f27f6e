import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertEvent, fraudLabelEvent, inLane, metricWindow, type AlertEvent } from '@millrace/contracts';
import type { EventPublisher } from '@millrace/kafka';
import { createPool, migrate, type PostgresPool } from '@millrace/stores';
import { createTestDatabase, makeAlert, testKafka, uniqueName, type TestDatabase, type TestKafka } from '@millrace/testing';
import { signedHeaders } from '../src/delivery/signature.js';
import { HttpReceiver, type ReceivedPost } from './http-receiver.js';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const LEASE_MS = 1_500;
export const TIMEOUT_MS = 1_000;

/** Each alert is a group of its own, told at once. */
export const EACH_ALONE = "group_by: ['...'], group_wait: 0s, group_interval: 50ms, repeat_interval: 1h";

/** A lane, a database, a configuration and an HTTP receiver of the test's own. */
export class NotifierRig {
  private constructor(
    readonly test: TestKafka,
    readonly database: TestDatabase,
    readonly postgres: PostgresPool,
    readonly publisher: EventPublisher,
    readonly http: HttpReceiver,
    readonly folder: string,
  ) {}

  static async open(): Promise<NotifierRig> {
    const test = testKafka();
    const database = await createTestDatabase();
    await migrate(database.url);
    const admin = await test.kafka.admin();
    await admin.createTopics([metricWindow, alertEvent, fraudLabelEvent].map(({ topic, settings }) => ({ name: inLane(test.lane, topic), partitions: settings.partitions })));
    await admin.close();
    const folder = await mkdtemp(join(tmpdir(), 'notifier-'));
    await writeFile(join(folder, 'secret'), SECRET);
    const rig = new NotifierRig(test, database, createPool(database.url, 'notifier-test'), await test.kafka.publisher(), await HttpReceiver.start(), folder);
    await rig.writeConfig(rig.webhook('ops'));
    return rig;
  }

  get configFile(): string {
    return join(this.folder, 'alertmanager.yml');
  }

  get env(): Record<string, string> {
    const { settings, lane } = this.test;
    return {
      MILLRACE_LANE: lane,
      MILLRACE_KAFKA_BROKERS: settings.brokers.join(','),
      MILLRACE_REGISTRY_URL: settings.registryUrl,
      MILLRACE_POSTGRES_URL: this.database.url,
      MILLRACE_HTTP_PORT: '0',
      MILLRACE_NOTIFIER_CONFIG: this.configFile,
      MILLRACE_NOTIFIER_DELIVERING_LANES: lane,
      MILLRACE_NOTIFIER_TIMEOUT_MS: String(TIMEOUT_MS),
      MILLRACE_NOTIFIER_LEASE_MS: String(LEASE_MS),
      MILLRACE_NOTIFIER_BREAKER_MS: '200',
      MILLRACE_NOTIFIER_DISPATCH_LEASE_MS: '1500',
    };
  }

  /** A webhook receiver on the path of its name, with a short schedule. */
  webhook(name: string, { config = '', retry = '0, 0.05, 0.05, 0.1, 0.2, 0.5, 1, 1, 1, 1', millrace = '' } = {}): string {
    const url = `${this.http.url}/${name}`;
    return `  - { name: ${name}, webhook_configs: [{ url: "${url}", ${config} millrace: { allow_private: ["${url}"], signing_secrets: [{ file: ${this.folder}/secret }], retry: [${retry}] ${millrace} } }] }\n`;
  }

  /** All receivers are told of everything, unless `routes` says otherwise. */
  async writeConfig(receivers: string, { route = EACH_ALONE, routes = '', more = '' } = {}): Promise<void> {
    const names = [...receivers.matchAll(/\{ name: ([a-z-]+)/g)].map(([, name]) => name ?? '');
    const all = routes === '' ? names.map((name) => `{ receiver: ${name}, continue: true }`).join(', ') : routes;
    await writeFile(this.configFile, `route: { receiver: nobody, ${route}, routes: [${all}] }\nreceivers:\n  - { name: nobody }\n${receivers}${more}`);
  }

  alert(change: Partial<AlertEvent> = {}): AlertEvent {
    const fingerprint = change.fingerprint ?? uniqueName('f');
    return makeAlert({ fingerprint, lane: this.test.lane, labels: { rule: 'orders-dropped', severity: 'warning', lane: this.test.lane, n: fingerprint }, ...change });
  }

  resolved(firing: AlertEvent): AlertEvent {
    return { ...firing, eventId: `${firing.eventId}-resolved`, status: 'RESOLVED', endsAt: firing.startsAt + 60_000 };
  }

  publish(...alerts: readonly AlertEvent[]): Promise<void> {
    return this.publisher.publishAll(alertEvent, alerts);
  }

  /** A message as if it were another, signed. */
  resigned(post: ReceivedPost, id: string): ReceivedPost {
    return { ...post, headers: { ...post.headers, ...signedHeaders([SECRET], { id, body: post.body, at: new Date() }) } };
  }

  /** State and attempts of every delivery, in the order they were queued. */
  deliveries(): Promise<{ receiver: string; status: string; state: string; attempts: number }[]> {
    return this.postgres.query('select receiver, status, state, attempts from deliveries where lane = $1 order by id', [this.test.lane]);
  }

  attempts(): Promise<{ outcome: string; status_code: number | null; error: string | null; response_excerpt: string | null; possible_repeat: boolean }[]> {
    return this.postgres.query('select outcome, status_code, error, response_excerpt, possible_repeat from delivery_attempts order by id');
  }

  async close(): Promise<void> {
    await this.http.stop();
    await this.publisher.close();
    await this.postgres.close();
    await this.test.clean();
    await this.database.drop();
    await rm(this.folder, { recursive: true });
  }
}
