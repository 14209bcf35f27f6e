import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fraudScore, orderEvent } from '@millrace/contracts';
import { subscribe, type EventConsumer, type KafkaConnection } from '@millrace/kafka';
import { uniqueName } from '@millrace/testing';
import { System } from '@millrace/e2e/system';
import { backfill, connect, setRate } from './live.ts';
import { quantile, type Bench, type BenchRow } from './row.ts';
import { onStack } from './stack.ts';
import { runPython } from './streaming.ts';

const RATES = [100, 1_000];
const WARM_UP_MS = 30_000;
const MEASURED_MS = 120_000;
const ARRIVAL_LIMIT_MS = 10_000;
/** Enough that most of the draining is done by compiled code. */
const BACKLOG = 2_400_000;
const BACKLOG_DAYS = 30;
const DAY_S = 86_400;

/** How long an order waits for its score with everything running, and how fast a backlog of orders is scored. */
export const fraud: Bench = {
  title: 'Fraud scores',
  run: (report) =>
    onStack(async () => {
      const rows = await live(report);
      return [...rows, ...(await backlog(report))];
    }),
};

async function live(report: (line: string) => void): Promise<BenchRow[]> {
  const system = await System.create();
  const kafka = connect(system.lane);
  const arrivals = new Map<string, number>();
  const consumer = firstArrivals(kafka, arrivals);
  try {
    for (const part of ['spark', 'spark-fraud', 'metrics-sink', 'ruler', 'notifier', 'fraud-desk', 'query-api', 'simulator'] as const) await system.start(part);
    await consumer.start();
    const rows: BenchRow[] = [];
    for (const rate of RATES) {
      report(`${rate} events/s …`);
      await setRate(system, rate);
      await delay(WARM_UP_MS);
      const from = Date.now();
      await delay(MEASURED_MS);
      const orders = await ordersSent(kafka, from, Date.now());
      const limit = performance.now() + ARRIVAL_LIMIT_MS;
      while (performance.now() < limit && ![...orders.keys()].every((orderId) => arrivals.has(orderId))) await delay(100);
      const measured = latencyRows(rate, orders, arrivals);
      for (const { name, value, unit } of measured) report(`${name}: ${value} ${unit}`);
      rows.push(...measured);
    }
    return rows;
  } finally {
    await consumer.stop();
    await system.stop();
  }
}

function latencyRows(rate: number, orders: ReadonlyMap<string, number>, arrivals: ReadonlyMap<string, number>): BenchRow[] {
  const delays = [...orders].flatMap(([orderId, at]) => {
    const arrived = arrivals.get(orderId);
    return arrived === undefined ? [] : [arrived - at];
  });
  const name = `order to score at ${rate}/s`;
  return [
    { name: `${name}, p50`, value: quantile(delays, 0.5), unit: 'ms', aim: 'within 20 ms' },
    { name: `${name}, p90`, value: quantile(delays, 0.9), unit: 'ms' },
    { name: `${name}, p99`, value: quantile(delays, 0.99), unit: 'ms', aim: 'within 500 ms' },
    { name: `${name}, arrived`, value: delays.length, unit: `of ${orders.size}` },
  ];
}

/** Notes when the first score of each order is here, decoded. */
function firstArrivals(kafka: KafkaConnection, arrivals: Map<string, number>): EventConsumer {
  return kafka.consumer({
    group: uniqueName('bench-'),
    subscriptions: [
      subscribe(fraudScore, (batch) => {
        const now = Date.now();
        for (const { event } of batch) if (!arrivals.has(event.orderId)) arrivals.set(event.orderId, now);
        return Promise.resolve();
      }),
    ],
  });
}

/** Record timestamps, which the simulator's producer sets as it sends, of the orders placed within the span: the first of each. */
async function ordersSent(kafka: KafkaConnection, from: number, to: number): Promise<Map<string, number>> {
  const sent = new Map<string, number>();
  const consumer = kafka.consumer({
    group: uniqueName('bench-'),
    subscriptions: [
      subscribe(orderEvent, (batch) => {
        for (const { event, timestamp } of batch) {
          const known = sent.get(event.orderId) ?? Infinity;
          if (event.eventType === 'PLACED' && timestamp < known) sent.set(event.orderId, timestamp);
        }
        return Promise.resolve();
      }),
    ],
  });
  await consumer.start();
  while ((await consumer.lag()).some(({ lag }) => lag > 0)) await delay(100);
  await consumer.stop();
  return new Map([...sent].filter(([, at]) => at >= from && at < to));
}

/** Orders with their visits: half of what the job reads is clicks, so that scores and not clicks are measured. */
async function backlog(report: (line: string) => void): Promise<BenchRow[]> {
  const system = await System.create();
  const home = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  try {
    report(`backlog: writing ${BACKLOG.toLocaleString('en')} events …`);
    const rate = BACKLOG / 2 / (BACKLOG_DAYS * DAY_S);
    await backfill(system, {
      MILLRACE_SIMULATOR_FROM: new Date(Date.now() - BACKLOG_DAYS * DAY_S * 1_000).toISOString(),
      MILLRACE_SIMULATOR_CLICKSTREAM_RATE: String(rate), MILLRACE_SIMULATOR_ORDERS_RATE: String(rate),
    });
    report('backlog: scoring …');
    const stdout = await runPython('bench.fraud_drain', [system.lane], { MILLRACE_HOME: home });
    report(stdout.trim());
    return backlogRows(JSON.parse(stdout) as Record<string, number>);
  } finally {
    await system.stop();
    await rm(home, { recursive: true, force: true });
  }
}

function backlogRows(said: Readonly<Record<string, number>>): BenchRow[] {
  const value = (name: string): number => said[name] ?? Number.NaN;
  return [
    { name: `backlog of ${value('records').toLocaleString('en')} records, ${value('scores').toLocaleString('en')} scores`, value: value('rate'), unit: 'scores/s', aim: '15,000' },
    { name: 'backlog: first half', value: value('first_half'), unit: 'scores/s' },
    { name: 'backlog: second half (JIT warm)', value: value('second_half'), unit: 'scores/s' },
    { name: 'backlog: read', value: value('records_rate'), unit: 'records/s' },
    { name: 'backlog: CPU of JVM and Python', value: value('cpu_s_per_million'), unit: 's per million scores' },
    { name: 'backlog: most memory of JVM and Python', value: value('peak_mb'), unit: 'MB' },
    { name: 'score record, p50', value: value('bytes_p50'), unit: 'bytes' },
    { name: 'score record, p99', value: value('bytes_p99'), unit: 'bytes' },
    { name: `feature state of ${value('facts').toLocaleString('en')} facts, ${value('entities').toLocaleString('en')} entities`, value: value('state_mb'), unit: 'MB of heap' },
  ];
}
