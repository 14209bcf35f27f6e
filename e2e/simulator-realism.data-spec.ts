import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ClickEvent, OrderEvent } from '@millrace/contracts';
import { PROFILES } from '@millrace/simulator/profiles';
import { WORLD_DEFAULTS, type ShopProfile } from '@millrace/simulator/settings';
import { World } from '@millrace/simulator/world';

/** The simulator beside real shops: the figures are computed here, from the files and from the world. Tolerances are absolute. */

jest.setTimeout(180_000);

const DATA = process.env['MILLRACE_DATA'] ?? fileURLToPath(new URL('../../shared/data', import.meta.url));
const START = Date.UTC(2026, 0, 5);
const FOUR_WEEKS_MS = 28 * 86_400_000;

class NoDataError extends Error {
  override readonly name = 'NoDataError';
  constructor(folder: string) {
    super(`no real data at ${folder}: set MILLRACE_DATA to the folder that holds online-retail-uci, olist-4k-full and rees46-oct2019-17k`);
  }
}

/** Rows of a CSV file by column name. Quotes may hide commas, not line breaks: the files used here have none. */
function rowsOf(text: string): Record<string, string>[] {
  const [head, ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/).filter((line) => line !== '');
  const names = cellsOf(head ?? '');
  return lines.map((line) => Object.fromEntries(cellsOf(line).map((cell, index) => [names[index] ?? '', cell])));
}

function cellsOf(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map((match) => (match[1] ?? '').replace(/^"|"$/g, '').replaceAll('""', '"')).slice(0, -1);
}

const share = (part: number, whole: number): number => part / whole;
const bump = (counts: number[], index: number): void => { counts[index] = (counts[index] ?? 0) + 1; };

/** Half the sum of the differences of two distributions: 0 the same, 1 disjoint. */
function distance(a: readonly number[], b: readonly number[]): number {
  const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
  const [ofA, ofB] = [total(a), total(b)];
  return a.reduce((sum, count, index) => sum + Math.abs(count / ofA - (b[index] ?? 0) / ofB), 0) / 2;
}

interface Shop {
  /** Orders by number of lines. */
  readonly baskets: number[];
  readonly hours: number[];
  readonly weekdays: number[];
  readonly ratings: number[];
  readonly gaps: number[];
  orders: number;
  lines: number;
  refunds: number;
  refundLines: number;
  views: number;
  carts: number;
  uncategorised: number;
  buyers: number;
  cartless: number;
}

const emptyShop = (): Shop => ({
  baskets: Array<number>(300).fill(0), hours: Array<number>(24).fill(0), weekdays: Array<number>(7).fill(0), ratings: Array<number>(6).fill(0), gaps: [],
  orders: 0, lines: 0, refunds: 0, refundLines: 0, views: 0, carts: 0, uncategorised: 0, buyers: 0, cartless: 0,
});

/** What a simulated visit has done so far. */
interface VisitsSeen {
  readonly lastClick: Map<string, number>;
  readonly withCart: Set<string>;
}

/** The world's first events, or those of its first four weeks, whichever are fewer. */
function simulate(profile: ShopProfile, events: number, extra: object): Shop {
  const world = new World({ ...WORLD_DEFAULTS, seed: 'realism', start: START, curves: false, profile, lifecycleSpeed: 1440, ...extra });
  const shop = emptyShop();
  const visits: VisitsSeen = { lastClick: new Map(), withCart: new Set() };
  for (let index = 0, next = world.next(); index < events && next.event.occurredAt < START + FOUR_WEEKS_MS; index += 1, next = world.next()) {
    const { stream, event } = next;
    if (stream === 'clickstream') countClick(event, shop, visits);
    else if (stream === 'orders') countOrder(event, shop, visits);
    else if (stream === 'feedback') bump(shop.ratings, event.rating);
  }
  return shop;
}

function countClick(event: ClickEvent, shop: Shop, { lastClick, withCart }: VisitsSeen): void {
  const visit = event.sessionId ?? '';
  const before = lastClick.get(visit);
  if (before !== undefined) shop.gaps.push((event.occurredAt - before) / 1000);
  lastClick.set(visit, event.occurredAt);
  if (event.eventType === 'PRODUCT_VIEW') {
    shop.views += 1;
    if (event.category === null) shop.uncategorised += 1;
  } else if (event.eventType === 'ADD_TO_CART') {
    shop.carts += 1;
    withCart.add(visit);
  }
}

function countOrder(event: OrderEvent, shop: Shop, { withCart }: VisitsSeen): void {
  if (event.eventType === 'REFUNDED') {
    shop.refunds += 1;
    shop.refundLines += event.lines.length;
  }
  if (event.eventType !== 'PLACED') return;
  shop.orders += 1;
  shop.buyers += 1;
  shop.lines += event.lines.length;
  bump(shop.baskets, event.lines.length);
  if (!withCart.has(event.sessionId ?? '')) shop.cartless += 1;
  const at = new Date(event.occurredAt);
  bump(shop.hours, at.getUTCHours());
  bump(shop.weekdays, at.getUTCDay());
}

async function readOlist(): Promise<Shop> {
  const shop = emptyShop();
  const perOrder = new Map<string, number>();
  for (const row of rowsOf(await readFile(join(DATA, 'olist-4k-full/olist_order_items_dataset.csv'), 'utf8'))) {
    perOrder.set(row['order_id'] ?? '', (perOrder.get(row['order_id'] ?? '') ?? 0) + 1);
  }
  for (const lines of perOrder.values()) bump(shop.baskets, lines);
  shop.orders = perOrder.size;
  shop.lines = [...perOrder.values()].reduce((sum, lines) => sum + lines, 0);
  for (const row of rowsOf(await readFile(join(DATA, 'olist-4k-full/olist_orders_dataset.csv'), 'utf8'))) {
    const at = new Date(`${(row['order_purchase_timestamp'] ?? '').replace(' ', 'T')}Z`);
    bump(shop.hours, at.getUTCHours());
    bump(shop.weekdays, at.getUTCDay());
  }
  // Reviews hide line breaks in quotes; their scores do not.
  const reviews = await readFile(join(DATA, 'olist-4k-full/olist_order_reviews_dataset.csv'), 'utf8');
  for (const match of reviews.matchAll(/^"?[0-9a-f]{32}"?,"?[0-9a-f]{32}"?,"?([1-5])"?,/gm)) bump(shop.ratings, Number(match[1]));
  return shop;
}

async function readRees46(): Promise<Shop> {
  const shop = emptyShop();
  const sessions = new Map<string, { last: number; cart: boolean; bought: boolean }>();
  for (const row of rowsOf(await readFile(join(DATA, 'rees46-oct2019-17k/2019-Oct.head-to-0210.csv'), 'utf8'))) {
    const at = Date.parse(`${(row['event_time'] ?? '').slice(0, 19).replace(' ', 'T')}Z`) / 1000;
    const known = sessions.get(row['user_session'] ?? '');
    if (known !== undefined) shop.gaps.push(at - known.last);
    const session = known ?? { last: at, cart: false, bought: false };
    session.last = at;
    sessions.set(row['user_session'] ?? '', session);
    if (row['category_code'] === '') shop.uncategorised += 1;
    if (row['event_type'] === 'view') shop.views += 1;
    else if (row['event_type'] === 'cart') {
      shop.carts += 1;
      session.cart = true;
    } else {
      shop.lines += 1;
      session.bought = true;
    }
  }
  const buyers = [...sessions.values()].filter((session) => session.bought);
  shop.buyers = buyers.length;
  shop.cartless = buyers.filter((session) => !session.cart).length;
  return shop;
}

async function readOnlineRetail(): Promise<Shop> {
  const shop = emptyShop();
  const lines = new Map<string, number>();
  const folder = join(DATA, 'online-retail-uci/by-day');
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.csv.gz')).sort()) {
    for (const row of rowsOf(gunzipSync(await readFile(join(folder, file))).toString('utf8'))) {
      const invoice = row['InvoiceNo'] ?? '';
      const refund = invoice.startsWith('C');
      if (refund) shop.refundLines += 1;
      else shop.lines += 1;
      if (!lines.has(invoice)) {
        const at = new Date(`${(row['InvoiceDate'] ?? '').replace(' ', 'T')}Z`);
        if (refund) shop.refunds += 1;
        else {
          shop.orders += 1;
          bump(shop.hours, at.getUTCHours());
          bump(shop.weekdays, at.getUTCDay());
        }
      }
      lines.set(invoice, (lines.get(invoice) ?? 0) + 1);
    }
  }
  return shop;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

describe('the simulator beside real shops', () => {
  beforeAll(() => {
    for (const folder of ['olist-4k-full', 'rees46-oct2019-17k', 'online-retail-uci']) if (!existsSync(join(DATA, folder))) throw new NoDataError(DATA);
  });

  it('fills baskets, and is rated, as on Olist', async () => {
    const real = await readOlist();
    const simulated = simulate(PROFILES.b2c, 500_000, {});
    expect(real.orders).toBeGreaterThan(3900);
    expect(Math.abs(share(simulated.lines, simulated.orders) - share(real.lines, real.orders))).toBeLessThan(0.03);
    expect(distance(simulated.baskets, real.baskets)).toBeLessThan(0.03);
    expect(distance(simulated.ratings, real.ratings)).toBeLessThan(0.07);
  });

  it('sells over the day and the week as on Olist', async () => {
    const real = await readOlist();
    const simulated = simulate(PROFILES.b2c, Infinity, { curves: true, rates: { clickstream: 0, orders: 0.05 }, lifecycleSpeed: 50 });
    expect(distance(simulated.hours, real.hours)).toBeLessThan(0.06);
    expect(distance(simulated.weekdays, real.weekdays)).toBeLessThan(0.06);
  });

  it('is looked at as REES46: funnel, carts, gaps, unknown categories', async () => {
    const real = await readRees46();
    const simulated = simulate(PROFILES.b2c, 500_000, {});
    const funnel = ({ views, carts, lines }: Shop): number[] => [views, carts, lines].map((count) => (100 * count) / (views + carts + lines));
    // The copy is two hours of the night, with 10 purchases and 3 carts: percent points, generous.
    for (const [step, percent] of funnel(real).entries()) expect(Math.abs((funnel(simulated)[step] ?? 0) - percent)).toBeLessThan(1.5);
    expect(Math.abs(share(simulated.cartless, simulated.buyers) - share(real.cartless, real.buyers))).toBeLessThan(0.2);
    expect(Math.abs(median(simulated.gaps) - median(real.gaps))).toBeLessThan(5);
    expect(Math.abs(share(simulated.uncategorised, simulated.views) - share(real.uncategorised, real.views + real.carts + real.lines))).toBeLessThan(0.06);
  });

  it('refunds and trades as Online Retail', async () => {
    const real = await readOnlineRetail();
    expect(real.orders).toBeGreaterThan(10_000);
    const simulated = simulate(PROFILES.b2b, 500_000, { rates: { clickstream: 20, orders: 80 }, lifecycleSpeed: 30_000 });
    expect(Math.abs(share(simulated.refunds, simulated.refunds + simulated.orders) - share(real.refunds, real.refunds + real.orders))).toBeLessThan(0.02);
    expect(Math.abs(share(simulated.refundLines, simulated.refundLines + simulated.lines) - share(real.refundLines, real.refundLines + real.lines))).toBeLessThan(0.006);
    expect(Math.abs(share(simulated.lines, simulated.orders) - share(real.lines, real.orders))).toBeLessThan(3);
    const curved = simulate(PROFILES.b2b, Infinity, { curves: true, rates: { clickstream: 0, orders: 0.02 }, lifecycleSpeed: 50 });
    expect(distance(curved.hours, real.hours)).toBeLessThan(0.06);
    expect(distance(curved.weekdays, real.weekdays)).toBeLessThan(0.06);
    expect(curved.weekdays[6]).toBe(0);
  });
});
