import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { contracts, inLane, orderEvent, type OrderEvent } from '@millrace/contracts';
import { subscribe } from '@millrace/kafka';
import { testKafka, uniqueName, until, type TestKafka } from '@millrace/testing';
import { execa, type ResultPromise } from 'execa';
import { findRoot } from '../src/config/cli.config.js';
import { type ImportSummary } from '../src/import/import.summary.js';

jest.setTimeout(60_000);

const main = join(findRoot(), 'tools', 'cli', 'dist', 'main.js');
const INVOICES = 1500;
const START = Date.UTC(2024, 0, 1, 12);

interface RunOptions {
  readonly env: Record<string, string>;
  readonly reject: false;
}

const MAPPING = `
mapping: test-shop
title: lines of invoices
timeZone: UTC
inputs:
  - files: ["invoices*.csv"]
    joins:
      customer: {file: customers.csv, key: id, on: "{customer}"}
    outputs:
      - name: placed
        topic: shop.orders.v1
        type: PLACED
        at: {from: "{time}", do: [{time: iso}]}
        group: {by: ["{invoice}"]}
        fields:
          orderId: "{invoice}"
          customerId: "{customer}"
          country: "{customer.country}"
          currency: EUR
          totalMinor: {total: lines.amountMinor}
          lines:
            - productId: "{product}"
              quantity: {from: "{quantity}", do: [int]}
              unitPriceMinor: {from: "{price}", do: [{money: EUR}]}
              amountMinor: {from: {multiply: ["{price}", "{quantity}"]}, do: [{money: EUR}]}
`;

/** Three lines an invoice, an invoice a minute, the lines of an invoice far apart; the last file is packed. */
async function writeShop(folder: string): Promise<void> {
  const header = 'invoice,customer,product,quantity,price,time';
  const line = (invoice: number, product: number): string =>
    [invoice, `c${String(invoice % 40)}`, `p${String(product)}`, 1 + (invoice % 5), `${String(product)}.995`, new Date(START + invoice * 60_000).toISOString()].join(',');
  const numbers = Array.from({ length: INVOICES }, (_, index) => index);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'shop.yaml'), MAPPING);
  await writeFile(join(folder, 'customers.csv'), `id,country\n${Array.from({ length: 40 }, (_, index) => `c${String(index)},${index % 2 === 0 ? 'DE' : 'FR'}`).join('\n')}\n`);
  await writeFile(join(folder, 'invoices-1.csv'), [header, ...numbers.map((number) => line(number, 1)), 'x,c1,p1,none,1.00,2024-01-01', ...numbers.map((number) => line(number, 2))].join('\n'));
  await writeFile(join(folder, 'invoices-2.csv.gz'), gzipSync([header, ...numbers.toReversed().map((number) => line(number, 3))].join('\n')));
}

/** Pennies of one invoice: 1.995, 2.995 and 3.995, times its quantity, each rounded half up. */
function totalOf(invoice: number): number {
  const quantity = 1 + (invoice % 5);
  return [1995, 2995, 3995].reduce((sum, thousandths) => sum + Math.floor((thousandths * quantity + 5) / 10), 0);
}

describe('millrace import', () => {
  let folder: string;
  let lanes: TestKafka[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-import-spec-'));
    await writeShop(join(folder, 'shop'));
  });

  afterEach(async () => {
    await Promise.all(lanes.map((one) => one.clean()));
    lanes = [];
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  function lane(): TestKafka {
    const one = testKafka();
    lanes.push(one);
    return one;
  }

  function spawn(target: TestKafka, parameters: readonly string[], env: Readonly<Record<string, string>> = {}): ResultPromise<RunOptions> {
    const command = ['import', join(folder, 'shop', 'shop.yaml'), join(folder, 'shop'), '--lane', target.lane, '--json', ...parameters];
    const options: RunOptions = { env: { MILLRACE_HOME: join(folder, 'home'), ...env }, reject: false };
    return execa(process.execPath, [main, ...command], options);
  }

  async function run(target: TestKafka, ...parameters: string[]): Promise<ImportSummary> {
    const result = await spawn(target, parameters);
    expect([result.exitCode, result.stderr]).toEqual([0, expect.anything()]);
    return JSON.parse(result.stdout) as ImportSummary;
  }

  /** Every order of the lane with its delivery position, as it lies in the topic. */
  async function orders(target: TestKafka): Promise<OrderEvent[]> {
    const found: OrderEvent[] = [];
    const consumer = target.kafka.consumer({
      group: uniqueName('reader-'),
      subscriptions: [
        subscribe(orderEvent, (events) => {
          found.push(...events.map(({ event }) => event));
          return Promise.resolve();
        }),
      ],
    });
    await consumer.start();
    try {
      await until('the topic to be read', async () => (await consumer.lag()).every(({ lag }) => lag === 0));
      return found;
    } finally {
      await consumer.stop();
    }
  }

  const byId = (events: readonly OrderEvent[]): OrderEvent[] => events.toSorted((left, right) => (left.eventId < right.eventId ? -1 : 1));

  it('publishes each invoice once, whole and to the penny, and a second run nothing', async () => {
    const target = lane();
    const first = await run(target);
    expect(first).toMatchObject({ published: INVOICES, alreadyPublished: 0, rows: { read: 3 * INVOICES + 1, rejectedByReason: { 'lines: quantity: not a number': 1 } } });
    const found = await orders(target);
    expect(found.map(({ orderId }) => Number(orderId)).toSorted((left, right) => left - right)).toEqual(Array.from({ length: INVOICES }, (_, index) => index));
    for (const order of found) {
      const invoice = Number(order.orderId);
      expect(order).toMatchObject({ totalMinor: totalOf(invoice), occurredAt: START + invoice * 60_000, country: invoice % 2 === 0 ? 'DE' : 'FR' });
      expect(order.lines.map(({ productId }) => productId)).toEqual(['p1', 'p2', 'p3']);
    }
    expect(await run(target)).toMatchObject({ published: 0, alreadyPublished: INVOICES });
    expect(await orders(target)).toHaveLength(INVOICES);
  });

  it('reports a rejected row with file, line, reason and content', async () => {
    const target = lane();
    for (const name of ['rejected.jsonl', 'rejected.csv']) {
      const report = join(folder, name);
      const { exitCode } = await spawn(target, ['--dry-run', '--strict', '--report', report]);
      expect(exitCode).toBe(1);
      const text = await readFile(report, 'utf8');
      expect(text).toContain('lines: quantity: not a number');
      if (name.endsWith('csv')) continue;
      expect(JSON.parse(text)).toMatchObject({ file: join(folder, 'shop', 'invoices-1.csv'), line: INVOICES + 2, detail: '"none"', content: { invoice: 'x', product: 'p1' } });
    }
  });

  it('goes on after a kill -9 half-way, to exactly what one run gives', async () => {
    const whole = lane();
    await run(whole);
    const broken = lane();
    // 1,500 minutes in 10 seconds: time enough to be in the middle when it ends.
    const victim = spawn(broken, ['--speed', '9000']);
    const admin = await broken.kafka.admin();
    const written = async (): Promise<number> => {
      if (!(await admin.listTopics()).includes(inLane(broken.lane, orderEvent.topic))) return 0;
      return (await admin.offsets(inLane(broken.lane, orderEvent.topic))).reduce((sum, { high }) => sum + high, 0);
    };
    await until('some to be published', async () => (await written().catch(() => 0)) > 100);
    victim.kill('SIGKILL');
    expect((await victim).signal).toBe('SIGKILL');
    const before = await written();
    await admin.close();
    expect(before).toBeLessThan(INVOICES);
    const second = await run(broken);
    // What it had sent may still have come to lie in the log after we looked.
    expect(second.alreadyPublished).toBeGreaterThanOrEqual(before);
    expect(second.published).toBe(INVOICES - second.alreadyPublished);
    expect(second.published).toBeGreaterThan(0);
    expect(byId(await orders(broken))).toEqual(byId(await orders(whole)));
  });

  it('ends after the batch in hand on the first signal, says so, and leaves the rest for the next run', async () => {
    const target = lane();
    const child = spawn(target, ['--speed', '9000']);
    const admin = await target.kafka.admin();
    const topic = inLane(target.lane, orderEvent.topic);
    const written = async (): Promise<number> => (await admin.offsets(topic)).reduce((sum, { high }) => sum + high, 0);
    await until('some to be published', async () => (await written().catch(() => 0)) > 0);
    await admin.close();
    child.kill('SIGTERM');
    const { exitCode, stdout } = await child;
    expect(exitCode).toBe(130);
    const summary = JSON.parse(stdout) as ImportSummary;
    expect(summary.interrupted).toBe(true);
    expect(await run(target)).toMatchObject({ published: INVOICES - summary.published, alreadyPublished: summary.published });
  });

  it('delivers shuffled and twice as told, each event with the content it has anyway', async () => {
    const target = lane();
    const summary = await run(target, '--shuffle', '30m', '--duplicate', '0.2', '--seed', '3');
    expect(summary.published).toBe(INVOICES);
    expect(summary.copies).toBeGreaterThan(200);
    const found = await orders(target);
    expect(found).toHaveLength(INVOICES + summary.copies);
    const unique = [...new Map(found.map((order) => [order.eventId, order])).values()];
    const plain = lane();
    await run(plain);
    expect(byId(unique)).toEqual(byId(await orders(plain)));
    expect(found.some((order, index) => index > 0 && order.occurredAt < found[index - 1]!.occurredAt)).toBe(true);
  });

  it('shifts the newest event to now, all others by as much', async () => {
    const target = lane();
    const began = Date.now();
    await run(target, '--shift-to-now', '--speed', 'max');
    const found = (await orders(target)).toSorted((left, right) => left.occurredAt - right.occurredAt);
    expect(found.at(-1)!.occurredAt).toBeGreaterThanOrEqual(began);
    expect(found.at(-1)!.occurredAt - found[0]!.occurredAt).toBe((INVOICES - 1) * 60_000);
  });

  it('shifts each event to the time it is sent at, where it is paced', async () => {
    const target = lane();
    const began = Date.now();
    await run(target, '--shift-to-now', '--speed', '60000', '--limit', '50');
    const found = await orders(target);
    expect(found).toHaveLength(50);
    for (const { occurredAt } of found) {
      expect(occurredAt).toBeGreaterThanOrEqual(began);
      expect(occurredAt).toBeLessThanOrEqual(Date.now());
    }
  });

  it('publishes nothing in a dry run, and shows the first events', async () => {
    const target = lane();
    const summary = await run(target, '--dry-run', '--sample', '2');
    expect(summary).toMatchObject({ dryRun: true, published: INVOICES });
    expect(summary.sample).toMatchObject([{ orderId: '0', totalMinor: totalOf(0) }, { orderId: '1' }]);
    const admin = await target.kafka.admin();
    expect((await admin.listTopics()).filter((topic) => contracts.some((contract) => topic === inLane(target.lane, contract.topic)))).toEqual([]);
    await admin.close();
  });

  it('says in one line what is wrong and what to do', async () => {
    const target = lane();
    const cases: readonly [readonly string[], RegExp, number][] = [
      [['import', 'no-such', folder], /no such mapping; shipped are .*online-retail/, 78],
      [['import', join(folder, 'shop', 'shop.yaml'), join(folder, 'none.csv')], /none\.csv: there is no such file/, 64],
      [['import', 'olist', join(folder, 'shop'), '--dry-run'], /None of the files is for this mapping/, 64],
      [['import', 'rees46', join(folder, 'shop', 'customers.csv'), '--dry-run'], /customers\.csv: has no column "event_type"/, 64],
      [['import', 'rees46', folder, '--lane', 'Shop'], /cannot name a lane/, 64],
    ];
    for (const [command, message, code] of cases) {
      const { exitCode, stderr } = await execa(process.execPath, [main, ...command], { env: { MILLRACE_HOME: join(folder, 'home') }, reject: false });
      expect(stderr).toMatch(message);
      expect(exitCode).toBe(code);
    }
    const { exitCode, stderr } = await spawn(target, [], { MILLRACE_KAFKA_BROKERS: '127.0.0.1:1' });
    expect([exitCode, stderr]).toEqual([69, expect.stringContaining('Kafka does not answer')]);
  });
});
