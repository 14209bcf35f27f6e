import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LANE_PROCESSES } from '@millrace/cli';
import { clickEvent, deadLetterTopic, feedbackEvent, fraudScore, inventoryEvent, LATE_TOPIC, metricCatalogue, orderEvent, type EventContract } from '@millrace/contracts';
import { createKafka, type KafkaConnection } from '@millrace/kafka';
import { testKafkaSettings, until } from '@millrace/testing';
import { mismatches } from './support/compare.js';
import { recount, recountBestSellers, type CountedEvents } from './support/recount.js';
import { StoredMetrics } from './support/stored.js';
import { System } from './support/system.js';
import { countRecords, firstOfEachId, readTopic } from './support/topics.js';
import { WebhookReceiver } from './support/webhook-receiver.js';

const EVENTS = 20_000;
/** `low_stock` depends on levels of long ago and has a test of its own in spark-streaming. */
const RECOUNTED = new Set(metricCatalogue.map(({ name }) => name).filter((name) => name !== 'low_stock'));

const rules = `version: 1
rules:
  - name: any-order
    kind: threshold
    metric: orders
    window: 1d
    is: ">="
    value: 1
    severity: info
    annotations: { summary: "{{ value }} orders today" }
`;

describe('the whole path, from a seeded simulator to Redis, PostgreSQL, the API and a webhook', () => {
  let system: System;
  let hooks: WebhookReceiver;
  let kafka: KafkaConnection;
  let stored: StoredMetrics;
  let counted: CountedEvents;

  beforeAll(async () => {
    system = await System.create({}, 'live');
    hooks = await WebhookReceiver.listen();
    kafka = createKafka(testKafkaSettings('live'));
    stored = new StoredMetrics('live');
    const rulesFile = join(system.home, 'rules.yaml');
    const alertmanagerFile = join(system.home, 'alertmanager.yml');
    await writeFile(rulesFile, rules);
    await writeFile(
      alertmanagerFile,
      `route: { receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s }\nreceivers: [{ name: hook, webhook_configs: [{ url: "${hooks.url}", millrace: { signing_secrets: [{ env: E2E_SECRET }], allow_private: ["${hooks.url}"] } }] }]\n`,
    );
    await Promise.all([
      system.start('spark').then(() => system.start('spark-fraud')),
      system.start('metrics-sink'),
      system.start('ruler', { MILLRACE_RULER_RULES: rulesFile }),
      system.start('notifier', { MILLRACE_NOTIFIER_CONFIG: alertmanagerFile, E2E_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }),
      system.start('fraud-desk'),
      system.start('query-api'),
    ]);
    await system.start('simulator', {
      MILLRACE_SIMULATOR_SEED: 'e2e',
      MILLRACE_SIMULATOR_COUNT: String(EVENTS),
      MILLRACE_SIMULATOR_CLICKSTREAM_RATE: '1900',
      MILLRACE_SIMULATOR_ORDERS_RATE: '100',
      MILLRACE_SIMULATOR_FAULT_DUPLICATE: '0.02',
      MILLRACE_SIMULATOR_FAULT_OUT_OF_ORDER: '0.05',
      MILLRACE_SIMULATOR_FAULT_CORRUPT: '0.002',
      MILLRACE_SIMULATOR_FAULT_LATE: '0',
      MILLRACE_SIMULATOR_LIFECYCLE_SPEED: '20000',
    });
    await until('the simulator to have sent everything', async () => (await simulatorTotals(system)).acknowledged >= EVENTS, 120_000);
    counted = await readAll(kafka);
  }, 300_000);

  afterAll(async () => {
    await system.stop();
    await Promise.all([hooks.close(), stored.close()]);
  }, 60_000);

  it('stores every metric as an independent recount of the topics has it', async () => {
    const expected = recount(counted);
    expect(expected.size).toBeGreaterThan(200);
    expect(await countRecords(kafka, LATE_TOPIC)).toBe(0);
    await until('all windows to be stored', async () => mismatches(expected, await stored.all(), RECOUNTED).length === 0, 90_000).catch(() => null);
    expect(mismatches(expected, await stored.all(), RECOUNTED)).toEqual([]);
  }, 120_000);

  it('would notice one order too many or too few', async () => {
    const readings = await stored.all();
    const without = recount({ ...counted, orders: counted.orders.slice(1) });
    const twice = recount({ ...counted, clicks: [...counted.clicks, counted.clicks.find(({ eventType }) => eventType === 'PRODUCT_VIEW')!] });
    expect(mismatches(without, readings, RECOUNTED).length).toBeGreaterThan(0);
    expect(mismatches(twice, readings, RECOUNTED).length).toBeGreaterThan(0);
  });

  it('ranks the best sellers as the recount does', async () => {
    const best = recountBestSellers(counted.orders);
    const windows = (await stored.all()).filter(({ metric }) => metric === 'top_products');
    expect(windows.length).toBe(best.size);
    for (const { windowStart, items } of windows) expect(items.map(({ key }) => key)).toEqual(best.get(windowStart));
  });

  it('sets every corrupt record aside with its reason and loses none', async () => {
    const totals = await simulatorTotals(system);
    const letters = await Promise.all([clickEvent, orderEvent, inventoryEvent, feedbackEvent].map(({ topic }) => kafka.readTopic(deadLetterTopic('live', topic, 'metrics'))));
    const reasons = letters.flat().map(({ headers }) => String(headers['millrace_reason']));
    expect(totals.corrupt).toBeGreaterThan(0);
    expect(new Set(reasons)).toEqual(new Set(['undecodable', 'unknown-schema']));
    expect(reasons.length).toBe(totals.corrupt);
  });

  it('serves the numbers, and each down to its offsets', async () => {
    const api = system.part('query-api').url;
    const answer = await fetch(`${api}/api/metrics/orders/latest?window=1d`);
    expect(answer.status).toBe(200);
    const day = (await stored.all()).find(({ metricKey, window }) => metricKey === 'orders{}' && window === '1d')!;
    const window = await stored.history.find('live', day.metricKey, day.window, day.windowStart);
    const orders = (await readTopic(kafka, orderEvent)).filter(({ event }) => event.eventType === 'PLACED');
    for (const { topic, partition, firstOffset, lastOffset } of window!.sourceOffsets) {
      expect(topic).toBe('shop.orders.v1');
      const offsets = orders.filter((order) => order.partition === partition).map(({ offset }) => offset);
      expect(Math.min(...offsets)).toBe(firstOffset);
      expect(Math.max(...offsets)).toBeGreaterThanOrEqual(lastOffset);
    }
    expect(window!.sourceOffsets.length).toBeGreaterThan(0);
  });

  it('delivers the alert, signed, once, with its evidence', async () => {
    await until('a webhook', () => hooks.received.length > 0);
    const [hook] = hooks.received;
    expect(hook!.headers['webhook-signature']).toMatch(/^v1,/u);
    const body = JSON.parse(hook!.body) as Record<string, unknown>;
    expect(JSON.stringify(body)).toContain('any-order');
    expect(new Set(hooks.received.map(({ headers }) => headers['webhook-id'])).size).toBe(hooks.received.length);
  });

  it('scores every order placed, and the desk has them all', async () => {
    const placed = new Set(counted.orders.filter(({ eventType }) => eventType === 'PLACED').map(({ orderId }) => orderId));
    const scored = async (): Promise<Set<string>> => new Set((await readTopic(kafka, fraudScore)).map(({ event }) => event.orderId));
    await until('a score for each order', async () => (await scored()).size >= placed.size, 90_000).catch(() => null);
    expect(await scored()).toEqual(placed);
    await until('the desk to have them', async () => (await ordersAtDesk(system)) === placed.size, 60_000);
  }, 180_000);

  it('ends every part by SIGTERM with exit code 0', async () => {
    for (const part of LANE_PROCESSES) expect([part, await system.part(part).end()]).toEqual([part, 0]);
  }, 60_000);
});

interface Totals {
  readonly acknowledged: number;
  readonly corrupt: number;
}

/** Over all streams. */
async function simulatorTotals(system: System): Promise<Totals> {
  const answer = await fetch(`${system.part('simulator').url}/ledger`);
  const { totals } = (await answer.json()) as { totals: Record<string, Totals> };
  const sum = (field: keyof Totals): number => Object.values(totals).reduce((total, counts) => total + counts[field], 0);
  return { acknowledged: sum('acknowledged'), corrupt: sum('corrupt') };
}

/** Orders in the last 24 hours of the desk's report. */
async function ordersAtDesk(system: System): Promise<number> {
  const answer = (await (await fetch(`${system.part('fraud-desk').url}/api/fraud/quality`)).json()) as { report: { windows: { window: string; decisions: Record<string, number> }[] } };
  return Object.values(answer.report.windows.find(({ window }) => window === '24h')!.decisions).reduce((total, orders) => total + orders, 0);
}

async function readAll(kafka: KafkaConnection): Promise<CountedEvents> {
  const read = async <E extends { readonly eventId: string }>(contract: EventContract<E>): Promise<E[]> => firstOfEachId(await readTopic(kafka, contract));
  const [clicks, orders, inventory, feedback] = await Promise.all([read(clickEvent), read(orderEvent), read(inventoryEvent), read(feedbackEvent)]);
  return { clicks, orders, inventory, feedback };
}
