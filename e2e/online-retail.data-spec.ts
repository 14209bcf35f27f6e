import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createGunzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRedis, RedisMetricCache } from '@millrace/stores';
import { address, until } from '@millrace/testing';
import { parse } from 'csv-parse';
import { millrace } from './support/command.js';
import { dataFolder } from './support/data.js';
import { StoredMetrics } from './support/stored.js';
import { System } from './support/system.js';

interface Row {
  readonly InvoiceNo: string;
  readonly Quantity: string;
  readonly InvoiceDate: string;
  readonly UnitPrice: string;
}

/** Pennies by month, `2010-12`, straight from the CSV. */
interface Recount {
  readonly revenue: Map<string, number>;
  readonly refunds: Map<string, number>;
  readonly invoices: Map<string, Set<string>>;
}

describe('Online Retail through the whole path, shuffled, duplicated, with the Spark driver killed half-way', () => {
  let system: System;
  let stored: StoredMetrics;
  let expected: Recount;

  beforeAll(async () => {
    const folder = join(dataFolder('online-retail-uci'), 'by-day');
    expected = await recountFiles(folder);
    system = await System.create({ MILLRACE_SHOP_TIME_ZONE: 'Europe/London', MILLRACE_SPARK_ALLOWED_LATENESS: '31m' });
    stored = new StoredMetrics(system.lane);
    await system.start('metrics-sink');
    // Small batches, so that a kill in the middle is in the middle.
    const spark = await system.start('spark', { MILLRACE_SPARK_MAX_OFFSETS: '2000' });
    const imported = millrace(system.home, ['import', 'online-retail', folder, '--lane', system.lane, '--shuffle', '30m', '--seed', '7', '--duplicate', '0.1', '--json']);
    await until('some months to be stored', async () => Object.keys((await storedMonths()).refunds).length >= 3, 180_000);
    await spark.end('SIGKILL');
    await system.start('spark');
    expect(await imported).toMatchObject({ code: 0 });
  }, 420_000);

  afterAll(async () => {
    await system.stop();
    await stored.close();
  }, 60_000);

  it('has the revenue and the refunds of every month to the penny in PostgreSQL', async () => {
    const wanted = months(expected);
    await until('every month to be complete', async () => isDeepStrictEqual(await storedMonths(), wanted), 400_000).catch(() => null);
    expect(await storedMonths()).toEqual(wanted);
  }, 420_000);

  it('has the same in Redis', async () => {
    const redis = createRedis(address('MILLRACE_REDIS_URL'), 'e2e');
    await redis.ready();
    try {
      const cache = new RedisMetricCache(redis);
      const series = await cache.series(system.lane, [
        { metricKey: 'revenue{currency=GBP}', window: '1mo', from: 0, to: Date.now() },
        { metricKey: 'refunds{currency=GBP}', window: '1mo', from: 0, to: Date.now() },
      ]);
      const [revenue, refunds] = series.map((points) => Object.fromEntries(points.map(({ windowStart, value }) => [monthOf(windowStart), value])));
      expect(revenue).toEqual(Object.fromEntries(expected.revenue));
      expect(refunds).toEqual(Object.fromEntries(expected.refunds));
    } finally {
      await redis.close();
    }
  });

  it('would notice a penny', async () => {
    const revenue = new Map([...expected.revenue].map(([month, pennies]) => [month, pennies + 1]));
    expect(await storedMonths()).not.toEqual(months({ ...expected, revenue }));
  });

  async function storedMonths(): Promise<Months> {
    const keys = ['revenue{currency=GBP}', 'refunds{currency=GBP}', 'orders{}'];
    const series = await stored.history.series(system.lane, keys.map((metricKey) => ({ metricKey, window: '1mo', from: 0, to: Date.now() })));
    const [revenue = {}, refunds = {}, invoices = {}] = series.map((points) => Object.fromEntries(points.map(({ windowStart, value }) => [monthOf(windowStart), value])));
    return { revenue, refunds, invoices };
  }
});

/** Value by month, `2010-12`. */
interface Months {
  readonly revenue: Readonly<Record<string, number>>;
  readonly refunds: Readonly<Record<string, number>>;
  readonly invoices: Readonly<Record<string, number>>;
}

function months({ revenue, refunds, invoices }: Recount): Months {
  const counts = [...invoices].map(([month, numbers]) => [month, numbers.size] as const);
  return { revenue: Object.fromEntries(revenue), refunds: Object.fromEntries(refunds), invoices: Object.fromEntries(counts) };
}

function monthOf(ms: number): string {
  return new Intl.DateTimeFormat('sv', { timeZone: 'Europe/London', year: 'numeric', month: '2-digit' }).format(ms);
}

/** Lines with a price below zero are bookkeeping; a C before the number is a refund; what is left below zero items is a stock write-off. */
async function recountFiles(folder: string): Promise<Recount> {
  const recount: Recount = { revenue: new Map(), refunds: new Map(), invoices: new Map() };
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.csv.gz')).sort()) {
    const rows = createReadStream(join(folder, file)).pipe(createGunzip()).pipe(parse({ columns: true, bom: true }));
    for await (const row of rows as AsyncIterable<Row>) count(row, recount);
  }
  return recount;
}

function count(row: Row, { revenue, refunds, invoices }: Recount): void {
  const quantity = Number(row.Quantity);
  if (Number(row.UnitPrice) < 0 || quantity === 0) return;
  const month = row.InvoiceDate.slice(0, 7);
  const pennies = amount(quantity, row.UnitPrice);
  if (row.InvoiceNo.startsWith('C')) refunds.set(month, (refunds.get(month) ?? 0) + pennies);
  else if (quantity > 0) {
    revenue.set(month, (revenue.get(month) ?? 0) + pennies);
    invoices.set(month, (invoices.get(month) ?? new Set()).add(row.InvoiceNo));
  }
}

/** Quantity times price in pennies, half up, without a float: prices have up to three decimals. */
function amount(quantity: number, price: string): number {
  const [whole = '0', fraction = ''] = price.split('.');
  const thousandths = BigInt(whole) * 1000n + BigInt(fraction.padEnd(3, '0').slice(0, 3));
  const total = thousandths * BigInt(Math.abs(quantity));
  return Number((total + 5n) / 10n);
}
