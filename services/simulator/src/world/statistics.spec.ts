import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ClickEvent, OrderEvent } from '@millrace/contracts';
import { PROFILES } from './profiles.js';
import { WORLD_DEFAULTS, type ShopProfile } from './settings.js';
import type { WorldEvent } from './world-event.js';
import { World } from './world.js';

// Simulating some hundred thousand events takes its time on a busy machine.
jest.setTimeout(180_000);

/**
 * Measured on real shops: REES46 (October 2019), Olist, Online Retail; e2e/simulator-realism.data-spec.ts compares with the files themselves.
 * Tolerances are absolute.
 */
const REAL = {
  funnelPercent: { view: 97.8, cart: 0.95, purchase: 1.23 },
  cartlessBuyers: 0.67,
  topProductShare: 0.011,
  olistBasketLines: 1.13,
  refundInvoices: 0.15,
  refundLines: 0.017,
  wholesaleBasketLines: 24,
  nullCategory: 0.33,
  nullCustomer: 0.25,
  reviewOnce: 0.78,
} as const;

const START = Date.UTC(2026, 0, 5);
const WEEK_MS = 7 * 86_400_000;

interface Tally {
  views: number;
  carts: number;
  nullCategories: number;
  lines: number;
  placed: number;
  guests: number;
  cartless: number;
  refunds: number;
  refundLines: number;
  readonly productViews: Map<string, number>;
  readonly reviewers: Map<string, number>;
  readonly withCart: Set<string>;
  readonly hours: number[];
  readonly weekdays: number[];
}

function tally(profile: ShopProfile, events: number, extra: { readonly curves?: boolean; readonly rates?: { readonly clickstream: number; readonly orders: number }; readonly lifecycleSpeed?: number } = {}): Tally {
  const result: Tally = {
    views: 0, carts: 0, nullCategories: 0, lines: 0, placed: 0, guests: 0, cartless: 0, refunds: 0, refundLines: 0,
    productViews: new Map(), reviewers: new Map(), withCart: new Set(), hours: Array<number>(24).fill(0), weekdays: Array<number>(7).fill(0),
  };
  const world = new World({ ...WORLD_DEFAULTS, seed: 'statistics', start: START, curves: false, profile, lifecycleSpeed: 1440, ...extra });
  for (let index = 0, next = world.next(); index < events && next.event.occurredAt < START + 4 * WEEK_MS; index += 1, next = world.next()) count(next, result);
  return result;
}

function bump(map: Map<string, number>, key: string | null): void {
  if (key !== null) map.set(key, (map.get(key) ?? 0) + 1);
}

function count({ stream, event }: WorldEvent, result: Tally): void {
  if (stream === 'clickstream') countClick(event, result);
  else if (stream === 'orders') countOrder(event, result);
  else if (stream === 'feedback') bump(result.reviewers, event.customerId);
}

function countClick(event: ClickEvent, result: Tally): void {
  if (event.eventType === 'ADD_TO_CART') {
    result.carts += 1;
    if (event.sessionId !== null) result.withCart.add(event.sessionId);
  }
  if (event.eventType !== 'PRODUCT_VIEW') return;
  result.views += 1;
  if (event.category === null) result.nullCategories += 1;
  bump(result.productViews, event.productId);
  const at = new Date(event.occurredAt);
  result.hours[at.getUTCHours()] = (result.hours[at.getUTCHours()] ?? 0) + 1;
  result.weekdays[at.getUTCDay()] = (result.weekdays[at.getUTCDay()] ?? 0) + 1;
}

function countOrder(event: OrderEvent, result: Tally): void {
  if (event.eventType === 'REFUNDED') {
    result.refunds += 1;
    result.refundLines += event.lines.length;
  }
  if (event.eventType !== 'PLACED') return;
  result.placed += 1;
  result.lines += event.lines.length;
  if (event.customerId.startsWith('guest-')) result.guests += 1;
  if (!result.withCart.has(event.sessionId ?? '')) result.cartless += 1;
}

describe('statistics of the shop for people', () => {
  let b2c: Tally;
  beforeAll(() => {
    b2c = tally(PROFILES.b2c, 450_000);
  });

  it('has the funnel of REES46', () => {
    const all = (b2c.views + b2c.carts + b2c.lines) / 100;
    expect(Math.abs(b2c.views / all - REAL.funnelPercent.view)).toBeLessThan(0.3);
    expect(Math.abs(b2c.carts / all - REAL.funnelPercent.cart)).toBeLessThan(0.15);
    expect(Math.abs(b2c.lines / all - REAL.funnelPercent.purchase)).toBeLessThan(0.15);
  });

  it('has as many buyers without a cart event', () => {
    expect(Math.abs(b2c.cartless / b2c.placed - REAL.cartlessBuyers)).toBeLessThan(0.04);
  });

  it('has a most popular product with its share of the views, and a heavy tail behind it', () => {
    const counts = [...b2c.productViews.values()].sort((a, b) => b - a);
    expect(Math.abs((counts[0] ?? 0) / b2c.views - REAL.topProductShare)).toBeLessThan(0.001);
    const head = counts.slice(0, 20).reduce((sum, value) => sum + value, 0) / b2c.views;
    expect(head).toBeGreaterThan(0.12);
    expect(counts.length).toBeGreaterThan(1900);
  });

  it('has the baskets of Olist', () => {
    expect(Math.abs(b2c.lines / b2c.placed - REAL.olistBasketLines)).toBeLessThan(0.03);
  });

  it('leaves as much unknown', () => {
    expect(Math.abs(b2c.nullCategories / b2c.views - REAL.nullCategory)).toBeLessThan(0.04);
    expect(Math.abs(b2c.guests / b2c.placed - REAL.nullCustomer)).toBeLessThan(0.03);
  });

  it('has customers of whom most review once and some often', () => {
    const counts = [...b2c.reviewers.values()];
    const once = counts.filter((value) => value === 1).length / counts.length;
    expect(Math.abs(once - REAL.reviewOnce)).toBeLessThan(0.08);
    expect(Math.max(...counts)).toBeGreaterThan(8);
  });

  it('refunds the share that its profile states', () => {
    expect(Math.abs(b2c.refunds / (b2c.refunds + b2c.placed) - PROFILES.b2c.refundShare)).toBeLessThan(0.01);
  });
});

describe('statistics of the wholesaler', () => {
  it('has the baskets and refunds of Online Retail', () => {
    const b2b = tally(PROFILES.b2b, 250_000, { rates: { clickstream: 50, orders: 50 }, lifecycleSpeed: 20_000 });
    expect(Math.abs(b2b.lines / b2b.placed - REAL.wholesaleBasketLines)).toBeLessThan(3);
    expect(Math.abs(b2b.refunds / (b2b.refunds + b2b.placed) - REAL.refundInvoices)).toBeLessThan(0.02);
    expect(Math.abs(b2b.refundLines / (b2b.refundLines + b2b.lines) - REAL.refundLines)).toBeLessThan(0.005);
  });

  it('is closed on Saturdays and at night, and busiest on Thursdays at noon', () => {
    const b2b = tally(PROFILES.b2b, Infinity, { curves: true, rates: { clickstream: 0.02, orders: 0 } });
    expect(b2b.weekdays[6]).toBe(0);
    expect(b2b.weekdays.indexOf(Math.max(...b2b.weekdays))).toBe(4);
    expect(b2b.hours[3]).toBe(0);
    expect(b2b.hours.indexOf(Math.max(...b2b.hours))).toBe(12);
  });
});
