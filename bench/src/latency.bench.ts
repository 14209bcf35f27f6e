import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { orderEvent, type OrderEvent } from '@millrace/contracts';
import type { EventPublisher } from '@millrace/kafka';
import { createRedis, RedisMetricCache } from '@millrace/stores';
import { makeOrder } from '@millrace/testing';
import { System } from '@millrace/e2e/system';
import { WebhookReceiver } from '@millrace/e2e/webhook-receiver';
import { connect, setRate } from './live.ts';
import { quantile, type Bench, type BenchRow } from './row.ts';
import { onStack } from './stack.ts';

const RATES = [100, 1_000];
const PROBES = 120;
const EVERY_MS = 500;
const WARM_UP_MS = 30_000;
const ARRIVAL_LIMIT_MS = 30_000;
/** Alerts of another lane page nobody, so this bench works in the live lane of a stack of its own. */
const LANE = 'live';

/** A country that no shopper lives in fires this rule at its first order. */
const RULES = `version: 1
rules:
  - name: first-order
    kind: threshold
    metric: orders
    window: 1m
    match: { country: "*" }
    is: ">="
    value: 1
    decide: each
    when: labels.country.startsWith("probe-")
    annotations: { summary: "{{ labels.country }}" }
`;

interface Arrivals {
  readonly redis: ReadonlyMap<string, number>;
  readonly webhook: ReadonlyMap<string, number>;
}

/** From the moment an order is given to Kafka until its minute shows in Redis, and until the alert it causes is at a webhook. */
export const latency: Bench = {
  title: 'Latency with everything running',
  run: (report) =>
    onStack(async () => {
      const system = await System.create({}, LANE);
      const hooks = await WebhookReceiver.listen();
      try {
        await startAll(system, hooks.url);
        const rows: BenchRow[] = [];
        for (const rate of RATES) {
          report(`${rate} events/s …`);
          await setRate(system, rate);
          await delay(WARM_UP_MS);
          rows.push(...(await measure(rate, hooks)));
        }
        return rows;
      } finally {
        await system.stop();
        await hooks.close();
      }
    }),
};

async function startAll(system: System, hookUrl: string): Promise<void> {
  const rules = join(system.home, 'rules.yaml');
  const alertmanager = join(system.home, 'alertmanager.yml');
  await writeFile(rules, RULES);
  await writeFile(
    alertmanager,
    `route: { receiver: probe, group_by: ['...'], group_wait: 0s }\nreceivers: [{ name: probe, webhook_configs: [{ url: "${hookUrl}", send_resolved: false, millrace: { signing_secrets: [{ env: BENCH_SECRET }], allow_private: ["${hookUrl}"] } }] }]\n`,
  );
  await system.start('spark');
  await system.start('metrics-sink');
  await system.start('ruler', { MILLRACE_RULER_RULES: rules });
  await system.start('notifier', { MILLRACE_NOTIFIER_CONFIG: alertmanager, BENCH_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' });
  for (const part of ['query-api', 'spark-fraud', 'fraud-desk', 'simulator'] as const) await system.start(part);
}

async function measure(rate: number, hooks: WebhookReceiver): Promise<BenchRow[]> {
  const publisher = await connect(LANE).publisher();
  const redis = createRedis(process.env['MILLRACE_REDIS_URL']!, 'bench');
  await redis.ready();
  const shown = new Map<string, number>();
  const end = await new RedisMetricCache(redis).subscribe(LANE, (readings) => {
    for (const { metric, window, dimensions } of readings) {
      const country = dimensions['country'];
      if (metric === 'orders' && window === '1m' && country?.startsWith('probe-') === true && !shown.has(country)) shown.set(country, Date.now());
    }
  });
  try {
    const sent = await sendProbes(publisher, `probe-${rate}`);
    await allArrived(sent, shown, hooks);
    return rows(rate, sent, { redis: shown, webhook: webhookTimes(hooks) });
  } finally {
    await end();
    await redis.close();
    await publisher.close();
  }
}

async function sendProbes(publisher: EventPublisher, prefix: string): Promise<Map<string, number>> {
  const sent = new Map<string, number>();
  for (let index = 0; index < PROBES; index += 1) {
    const country = `${prefix}-${index}`;
    sent.set(country, Date.now());
    await publisher.publish(orderEvent, probe(country));
    // Spread over the trigger's interval, so that the sample does not keep step with it.
    await delay(EVERY_MS + (index % 10) * 17);
  }
  return sent;
}

function probe(country: string): OrderEvent {
  return makeOrder({ country, totalMinor: 100, lines: [], paymentMethod: null });
}

async function allArrived(sent: ReadonlyMap<string, number>, shown: ReadonlyMap<string, number>, hooks: WebhookReceiver): Promise<void> {
  const limit = performance.now() + ARRIVAL_LIMIT_MS;
  while (performance.now() < limit) {
    const alerted = webhookTimes(hooks);
    if ([...sent.keys()].every((country) => shown.has(country) && alerted.has(country))) return;
    await delay(100);
  }
}

function webhookTimes(hooks: WebhookReceiver): Map<string, number> {
  const times = new Map<string, number>();
  for (const { body, at } of hooks.received) {
    const { alerts } = JSON.parse(body) as { alerts: { labels: Record<string, string> }[] };
    for (const { labels: { country } } of alerts) if (country !== undefined && !times.has(country)) times.set(country, at);
  }
  return times;
}

function rows(rate: number, sent: ReadonlyMap<string, number>, arrivals: Arrivals): BenchRow[] {
  return (['redis', 'webhook'] as const).flatMap((end) => {
    const delays = [...sent].flatMap(([country, at]) => {
      const arrived = arrivals[end].get(country);
      return arrived === undefined ? [] : [arrived - at];
    });
    const name = `order to ${end === 'redis' ? 'Redis' : 'webhook'} at ${rate}/s`;
    return [
      { name: `${name}, p50`, value: quantile(delays, 0.5), unit: 'ms' },
      { name: `${name}, p99`, value: quantile(delays, 0.99), unit: 'ms', aim: 'within 1,500 ms' },
      { name: `${name}, arrived`, value: delays.length, unit: `of ${sent.size}` },
    ];
  });
}
