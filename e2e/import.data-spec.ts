import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clickEvent, feedbackEvent, fraudLabelEvent, inventoryEvent, orderEvent, type EventContract, type OrderEvent } from '@millrace/contracts';
import { testKafka, type TestKafka } from '@millrace/testing';
import { parse } from 'csv-parse';
import { millrace } from './support/command.js';
import { dataFolder } from './support/data.js';
import { readTopic } from './support/topics.js';

type Row = Readonly<Record<string, string>>;

interface Summary {
  readonly published: number;
  readonly alreadyPublished: number;
  readonly outOfOrder: number;
  readonly duplicateRows: number;
  readonly rows: { readonly read: number; readonly rejected: number; readonly rejectedByReason: Readonly<Record<string, number>> };
}

/** Imports real files into a lane of its own, and reads the topics. Nothing here shares code with the importer. */
class ImportedLane {
  private readonly kafka: TestKafka = testKafka();
  private home = '';

  async import(...parameters: string[]): Promise<Summary> {
    this.home ||= await mkdtemp(join(tmpdir(), 'millrace-import-data-'));
    const { code, stdout, stderr } = await millrace(this.home, ['import', ...parameters, '--lane', this.kafka.lane, '--json']);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as Summary;
  }

  async events<E>(contract: EventContract<E>): Promise<E[]> {
    return (await readTopic(this.kafka.kafka, contract)).map(({ event }) => event);
  }

  async remove(): Promise<void> {
    await this.kafka.clean();
    if (this.home !== '') await rm(this.home, { recursive: true, force: true });
  }
}

async function readRows(folder: string, pattern: RegExp): Promise<Row[]> {
  const rows: Row[] = [];
  for (const file of (await readdir(folder)).filter((name) => pattern.test(name)).sort()) {
    const bytes = createReadStream(join(folder, file));
    const text = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
    for await (const row of text.pipe(parse({ columns: true, bom: true })) as AsyncIterable<Row>) rows.push(row);
  }
  return rows;
}

/** A decimal text times a whole number in pennies, half up, without a float; the handbook has prices such as 213.85000000000002. */
function pennies(text: string, times = 1n): number {
  const [whole = '0', fraction = ''] = text.split('.');
  const unit = 10n ** BigInt(Math.max(fraction.length - 2, 0));
  return Number((BigInt(whole + fraction.padEnd(2, '0')) * times * 2n + unit) / (unit * 2n));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function tally<T>(items: readonly T[], keyOf: (item: T) => string, by: (item: T) => number = () => 1): Record<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + by(item));
  return Object.fromEntries([...counts].sort(([left], [right]) => (left < right ? -1 : 1)));
}

const londonMonth = new Intl.DateTimeFormat('sv', { timeZone: 'Europe/London', year: 'numeric', month: '2-digit' });
const londonTime = new Intl.DateTimeFormat('sv', { timeZone: 'Europe/London', dateStyle: 'short', timeStyle: 'medium' });
const totalMinor = ({ totalMinor: total }: OrderEvent): number => total;

describe('Online Retail', () => {
  const lane = new ImportedLane();
  let rows: Row[];
  let orders: OrderEvent[];
  let summary: Summary;

  beforeAll(async () => {
    const folder = join(dataFolder('online-retail-uci'), 'by-day');
    rows = await readRows(folder, /\.csv\.gz$/);
    summary = await lane.import('online-retail', folder);
    orders = await lane.events(orderEvent);
  }, 300_000);
  afterAll(() => lane.remove(), 60_000);

  const isRefund = (row: Row): boolean => row['InvoiceNo']!.startsWith('C');
  const isDebt = (row: Row): boolean => row['UnitPrice']!.startsWith('-');
  const sales = (): Row[] => rows.filter((row) => !isRefund(row) && !isDebt(row) && Number(row['Quantity']) > 0);
  const refunds = (): Row[] => rows.filter((row) => isRefund(row) && !isDebt(row) && Number(row['Quantity']) < 0);
  const writeOffs = (): Row[] => rows.filter((row) => !isRefund(row) && !isDebt(row) && Number(row['Quantity']) < 0);
  const month = (row: Row): string => row['InvoiceDate']!.slice(0, 7);
  const amount = (row: Row): number => pennies(row['UnitPrice']!, BigInt(Math.abs(Number(row['Quantity']))));

  it.each(['PLACED', 'REFUNDED'] as const)('has every month\'s %s to the penny', (type) => {
    const events = orders.filter(({ eventType }) => eventType === type);
    const lines = type === 'PLACED' ? sales() : refunds();
    expect(tally(events, ({ occurredAt }) => londonMonth.format(occurredAt), totalMinor)).toEqual(tally(lines, month, amount));
    expect(sum(events.map(({ lines: { length } }) => length))).toBe(lines.length);
  });

  it('has every invoice once, with its lines, customer and time', () => {
    const bought = new Map<string, Row[]>();
    for (const row of sales()) bought.set(row['InvoiceNo']!, [...(bought.get(row['InvoiceNo']!) ?? []), row]);
    const placed = orders.filter(({ eventType }) => eventType === 'PLACED');
    expect(placed).toHaveLength(bought.size);
    for (const order of placed) {
      const lines = bought.get(order.orderId)!;
      expect(order.customerId).toBe(lines[0]!['CustomerID'] === '' ? `guest:${order.orderId}` : lines[0]!['CustomerID']!.replace('.0', ''));
      expect(order.lines.map(({ productId, quantity, amountMinor }) => [productId, quantity, amountMinor])).toEqual(
        lines.map((row) => [row['StockCode'], Number(row['Quantity']), amount(row)]),
      );
      expect(londonTime.format(order.occurredAt)).toBe(lines[0]!['InvoiceDate']);
    }
  });

  it('has every write-off as a change of stock, alike ones too', async () => {
    const stock = await lane.events(inventoryEvent);
    expect(stock).toHaveLength(writeOffs().length);
    expect(tally(stock, ({ productId }) => productId, ({ change }) => change ?? 0)).toEqual(tally(writeOffs(), (row) => row['StockCode']!.trim(), (row) => Number(row['Quantity'])));
    expect(stock.every(({ eventType, stockLevel }) => eventType === 'STOCK_LEVEL' && stockLevel === null)).toBe(true);
  });

  it('accounts for every row, and rejects bookkeeping', () => {
    expect(summary.rows.read).toBe(rows.length);
    expect(summary.rows.rejected).toBe(rows.filter(isDebt).length);
    expect(sales().length + refunds().length + writeOffs().length + summary.rows.rejected).toBe(rows.length);
  });

  it('publishes nothing the second time', async () => {
    const again = await lane.import('online-retail', join(dataFolder('online-retail-uci'), 'by-day'));
    expect(again).toMatchObject({ published: 0, alreadyPublished: summary.published });
  }, 180_000);
});

describe('Olist', () => {
  const lane = new ImportedLane();
  let folder: string;
  let orders: OrderEvent[];
  let summary: Summary;
  let rows: Row[];

  beforeAll(async () => {
    folder = dataFolder('olist-4k-full');
    rows = await readRows(folder, /^olist_orders_dataset/);
    summary = await lane.import('olist', folder);
    orders = await lane.events(orderEvent);
  }, 120_000);
  afterAll(() => lane.remove(), 60_000);

  const ofType = (type: string): OrderEvent[] => orders.filter(({ eventType }) => eventType === type);

  it('has each step of each order that its row has a time for', () => {
    const filled = (column: string): number => rows.filter((row) => row[column] !== '').length;
    const given = rows.filter((row) => ['canceled', 'unavailable'].includes(row['order_status']!));
    expect(tally(orders, ({ eventType }) => eventType)).toEqual({
      CANCELLED: given.length,
      PAID: filled('order_approved_at'),
      PLACED: rows.length,
      SHIPPED: filled('order_delivered_carrier_date'),
    });
    expect(tally(ofType('CANCELLED'), ({ reason }) => reason ?? '')).toEqual(tally(given, (row) => row['order_status']!));
  });

  it('has what was paid, and what the items and their freight cost', async () => {
    const payments = await readRows(folder, /^olist_order_payments/);
    const paidOrders = new Set(rows.filter((row) => row['order_approved_at'] !== '').map((row) => row['order_id']));
    expect(sum(ofType('PAID').map(totalMinor))).toBe(sum(payments.filter((row) => paidOrders.has(row['order_id'])).map((row) => pennies(row['payment_value']!))));
    const items = await readRows(folder, /^olist_order_items/);
    const costs = tally(items, (row) => row['order_id']!, (row) => pennies(row['price']!) + pennies(row['freight_value']!));
    for (const order of ofType('PLACED')) expect(order.totalMinor).toBe(costs[order.orderId] ?? 0);
    expect(sum(ofType('PLACED').map(({ lines }) => lines.length))).toBe(items.length);
  });

  it('joins the customer as a person, and the category in English', async () => {
    const customers = new Map((await readRows(folder, /^olist_customers/)).map((row) => [row['customer_id'], row['customer_unique_id']]));
    const customerOf = new Map(rows.map((row) => [row['order_id'], customers.get(row['customer_id'])]));
    for (const order of orders) expect(order.customerId).toBe(customerOf.get(order.orderId));
    const english = new Map((await readRows(folder, /^product_category/)).map((row) => [row['product_category_name'], row['product_category_name_english']]));
    const categories = new Map((await readRows(folder, /^olist_products/)).map((row) => [row['product_id'], row['product_category_name']!]));
    for (const { productId, category } of ofType('PLACED').flatMap(({ lines }) => lines)) {
      const name = categories.get(productId)!;
      expect(category).toBe(name === '' ? null : (english.get(name) ?? name));
    }
  });

  it('has each review of an order with items, with its stars and text', async () => {
    const reviews = await readRows(folder, /^olist_order_reviews/);
    const withItems = new Set((await readRows(folder, /^olist_order_items/)).map((row) => row['order_id']));
    const rated = reviews.filter((row) => withItems.has(row['order_id']));
    const feedback = await lane.events(feedbackEvent);
    expect(tally(feedback, ({ rating }) => String(rating))).toEqual(tally(rated, (row) => row['review_score']!));
    expect(feedback.filter(({ eventType }) => eventType === 'REVIEWED')).toHaveLength(rated.filter((row) => row['review_comment_message'] !== '').length);
    expect(summary.rows).toEqual({
      read: rows.length + reviews.length,
      rejected: reviews.length - rated.length,
      rejectedByReason: { 'review of an order without items, so of no product': reviews.length - rated.length },
    });
  });
});

describe('REES46', () => {
  const lane = new ImportedLane();
  afterAll(() => lane.remove(), 60_000);

  it('has every view, cart and purchase, each visitor and session, and what was paid', async () => {
    const folder = dataFolder('rees46-oct2019-17k');
    const rows = await readRows(folder, /\.csv$/);
    const summary = await lane.import('rees46', folder);
    expect(summary).toMatchObject({ published: rows.length, duplicateRows: 0, outOfOrder: 0, rows: { rejected: 0 } });
    const [clicks, orders] = [await lane.events(clickEvent), await lane.events(orderEvent)];
    const ofType = (type: string): Row[] => rows.filter((row) => row['event_type'] === type);
    expect(tally(clicks, ({ eventType }) => eventType)).toEqual({ ADD_TO_CART: ofType('cart').length, PRODUCT_VIEW: ofType('view').length });
    expect(orders.map((order) => [order.visitorId, order.sessionId, order.totalMinor, new Date(order.occurredAt).toISOString()]).sort()).toEqual(
      ofType('purchase')
        .map((row) => [row['user_id'], row['user_session'], pennies(row['price']!), `${row['event_time']!.slice(0, 19).replace(' ', 'T')}.000Z`])
        .sort(),
    );
    expect(tally(clicks, ({ category }) => category ?? '')).toEqual(tally([...ofType('view'), ...ofType('cart')], (row) => row['category_code']!));
  }, 120_000);
});

describe('the fraud handbook', () => {
  const lane = new ImportedLane();
  afterAll(() => lane.remove(), 60_000);

  it('has every payment of three days, and the chargebacks seven days after', async () => {
    const folder = join(dataFolder('handbook-fraud'), 'daily');
    const days = /^2018-04-1[0-2]\.csv\.gz$/;
    const rows = await readRows(folder, days);
    const files = (await readdir(folder)).filter((name) => days.test(name)).map((name) => join(folder, name));
    expect(await lane.import('fraud-handbook', ...files)).toMatchObject({ outOfOrder: 0, duplicateRows: 0, rows: { read: rows.length, rejected: 0 } });
    const [orders, labels] = [await lane.events(orderEvent), await lane.events(fraudLabelEvent)];
    const key = (row: Row): string => `${row['TRANSACTION_ID']!} ${row['CUSTOMER_ID']!} terminal:${row['TERMINAL_ID']!} ${String(pennies(row['TX_AMOUNT']!))}`;
    expect(orders.map((order) => `${order.orderId} ${order.customerId} ${order.lines[0]!.productId} ${String(order.totalMinor)}`).sort()).toEqual(rows.map(key).sort());
    const frauds = new Map(rows.filter((row) => row['TX_FRAUD'] === '1').map((row) => [row['TRANSACTION_ID'], row]));
    expect(labels).toHaveLength(frauds.size);
    for (const { orderId, occurredAt, scenario, fraud } of labels) {
      const row = frauds.get(orderId)!;
      expect([fraud, scenario, occurredAt]).toEqual([true, row['TX_FRAUD_SCENARIO'], Date.parse(`${row['TX_DATETIME']!.replace(' ', 'T')}Z`) + 7 * 86_400_000]);
    }
  }, 180_000);
});
