import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ClickEvent, FeedbackEvent, FraudLabelEvent, InventoryEvent, OrderEvent, TruthEvent } from '@millrace/contracts';
import { PROFILES } from './profiles.js';
import { WORLD_DEFAULTS } from './settings.js';
import { World } from './world.js';

// Simulating some hundred thousand events takes its time on a busy machine.
jest.setTimeout(180_000);

const EVENTS = 150_000;
/** What may come before each step of an order. */
const BEFORE: Readonly<Record<string, readonly (string | undefined)[]>> = {
  PLACED: [undefined],
  PAID: ['PLACED', 'PAYMENT_DECLINED'],
  PAYMENT_DECLINED: ['PLACED'],
  CANCELLED: ['PLACED', 'PAID', 'PAYMENT_DECLINED'],
  SHIPPED: ['PAID'],
  RETURNED: ['SHIPPED'],
  REFUNDED: ['SHIPPED', 'RETURNED'],
};

interface SessionSeen {
  readonly visitorId: string;
  readonly beganAt: number;
}

describe('what the topics say about each other', () => {
  const sessions = new Map<string, SessionSeen>();
  const viewed = new Map<string, Set<string>>();
  const orders: OrderEvent[] = [];
  const inventory: InventoryEvent[] = [];
  const feedback: FeedbackEvent[] = [];
  const labels: FraudLabelEvent[] = [];
  const truth: TruthEvent[] = [];
  const products = new Set<string>();
  const clickedProducts = new Set<string>();
  const shelfAfter = new Map<string, number>();

  const seeClick = (event: ClickEvent): void => {
    if (event.sessionId !== null && !sessions.has(event.sessionId)) sessions.set(event.sessionId, { visitorId: event.visitorId, beganAt: event.occurredAt });
    if (event.productId !== null) clickedProducts.add(event.productId);
    if (event.eventType === 'PRODUCT_VIEW' && event.sessionId !== null && event.productId !== null) {
      viewed.set(event.sessionId, (viewed.get(event.sessionId) ?? new Set()).add(event.productId));
    }
  };

  beforeAll(() => {
    const world = new World({ ...WORLD_DEFAULTS, rates: { clickstream: 80, orders: 20 }, seed: 'references', start: Date.UTC(2026, 0, 5), curves: false, profile: PROFILES.b2c, lifecycleSpeed: 5000 });
    // Ends between two moments: what happens at once belongs together.
    for (let index = 0, at = 0, next = world.next(); index < EVENTS || next.event.occurredAt === at; index += 1, next = world.next()) {
      const { stream, event } = next;
      at = event.occurredAt;
      if (stream === 'clickstream') seeClick(event);
      else if (stream === 'orders') orders.push(event);
      else if (stream === 'inventory') inventory.push(event);
      else if (stream === 'feedback') feedback.push(event);
      else if (stream === 'labels') labels.push(event);
      else truth.push(event);
    }
    for (const event of inventory) products.add(event.productId);
  });

  const placed = (): OrderEvent[] => orders.filter((event) => event.eventType === 'PLACED');

  it('leads each order through its life in order, with one customer and one visit', () => {
    const last = new Map<string, OrderEvent>();
    const identity = (event: OrderEvent): string => JSON.stringify([event.customerId, event.visitorId, event.sessionId, event.country, event.currency]);
    const wrong = orders.filter((event) => {
      const before = last.get(event.orderId);
      last.set(event.orderId, event);
      if (BEFORE[event.eventType]?.includes(before?.eventType) !== true) return true;
      return before !== undefined && (identity(event) !== identity(before) || event.occurredAt <= before.occurredAt);
    });
    expect(wrong).toEqual([]);
    for (const type of Object.keys(BEFORE)) expect(orders.some((event) => event.eventType === type)).toBe(true);
  });

  it('places orders in visits that the clickstream knows, by their visitor, after a look at a product ordered', () => {
    const inVisits = placed().filter((event) => event.sessionId !== null);
    expect(inVisits.length / placed().length).toBeGreaterThan(0.9);
    const wrong = inVisits.filter((event) => {
      const session = sessions.get(event.sessionId ?? '');
      return session === undefined || session.visitorId !== event.visitorId || session.beganAt > event.occurredAt;
    });
    expect(wrong).toEqual([]);
    const looked = inVisits.filter((event) => event.lines.some((line) => viewed.get(event.sessionId ?? '')?.has(line.productId)));
    // Where the shelf is empty a substitute is sold.
    expect(looked.length / inVisits.length).toBeGreaterThan(0.95);
    expect(new Set(inVisits.map((event) => event.sessionId)).size).toBe(inVisits.length);
  });

  it('knows every product that is clicked, ordered or rated', () => {
    const named = [...clickedProducts, ...orders.flatMap((event) => event.lines.map((line) => line.productId)), ...feedback.map((event) => event.productId)];
    expect(named.length).toBeGreaterThan(1000);
    expect(named.filter((product) => !products.has(product))).toEqual([]);
  });

  it('keeps exact books of the stock, which is never negative', () => {
    const wrong = inventory.filter((event) => {
      const before = shelfAfter.get(event.productId);
      const level = event.stockLevel ?? -1;
      shelfAfter.set(event.productId, level);
      return level < 0 || (before !== undefined && level !== before + (event.change ?? 0));
    });
    expect(wrong).toEqual([]);
    expect(Math.min(...shelfAfter.values())).toBeLessThan(10);
  });

  it('moves stock by exactly what was sold, cancelled and returned', () => {
    const sum = (reason: string): number => inventory.filter((event) => event.reason === reason).reduce((total, event) => total + (event.change ?? 0), 0);
    const items = (type: string): number => orders.filter((event) => event.eventType === type).reduce((total, event) => total + event.lines.reduce((n, line) => n + line.quantity, 0), 0);
    expect(-sum('sale')).toBe(items('PLACED'));
    expect(sum('cancellation')).toBe(items('CANCELLED'));
    expect(sum('return')).toBe(items('RETURNED'));
    expect(items('RETURNED')).toBeGreaterThan(0);
  });

  it('restocks what has sold down to its reorder point', () => {
    const low = new Set<string>();
    let restocked = 0;
    const unasked: InventoryEvent[] = [];
    for (const event of inventory) {
      if (event.stockLevel !== null && event.stockLevel <= (event.reorderPoint ?? 0)) low.add(event.productId);
      if (event.eventType !== 'RESTOCKED') continue;
      restocked += 1;
      if (!low.has(event.productId)) unasked.push(event);
    }
    expect(unasked).toEqual([]);
    expect(restocked).toBeGreaterThan(100);
  });

  it('adds up: lines make the total, refunds never exceed the order', () => {
    const totals = new Map(placed().map((event) => [event.orderId, event.totalMinor]));
    const wrong = placed().filter(
      (event) =>
        event.lines.some((line) => line.amountMinor !== line.quantity * line.unitPriceMinor) ||
        event.totalMinor !== event.lines.reduce((sum, line) => sum + line.amountMinor, 0) ||
        new Set(event.lines.map((line) => line.productId)).size !== event.lines.length,
    );
    expect(wrong).toEqual([]);
    const refunds = orders.filter(({ eventType }) => eventType === 'REFUNDED');
    expect(refunds.filter((event) => event.totalMinor > (totals.get(event.orderId) ?? -1))).toEqual([]);
  });

  it('has only buyers rate, after shipment, once per order', () => {
    const shipped = new Map(orders.filter((event) => event.eventType === 'SHIPPED').map((event) => [event.orderId, event]));
    const lines = new Map(placed().map((event) => [event.orderId, event.lines]));
    expect(feedback.length).toBeGreaterThan(1000);
    const wrong = feedback.filter((event) => {
      const order = shipped.get(event.orderId ?? '');
      const bought = lines.get(event.orderId ?? '')?.some((line) => line.productId === event.productId);
      return order === undefined || order.customerId !== event.customerId || order.occurredAt >= event.occurredAt || bought !== true;
    });
    expect(wrong).toEqual([]);
    expect(new Set(feedback.map((event) => event.orderId)).size).toBe(feedback.length);
  });

  it('tells the truth about each order once', () => {
    const told = new Map(truth.map((event) => [event.orderId, event]));
    expect(truth.length).toBe(told.size);
    expect(placed().filter((event) => told.get(event.orderId)?.amountMinor !== event.totalMinor)).toEqual([]);
    expect(truth.length).toBe(placed().length);
    const untrue = truth.filter((event) => (event.eventType === 'FRAUD') !== (event.scenario !== null));
    expect(untrue).toEqual([]);
  });

  it('labels orders after they were placed: banks what was paid, analysts what they saw', () => {
    const placedAt = new Map(placed().map((event) => [event.orderId, event]));
    const paid = new Set(orders.filter((event) => event.eventType === 'PAID').map((event) => event.orderId));
    expect(labels.filter((label) => label.eventType === 'CHARGEBACK').length).toBeGreaterThan(3);
    expect(labels.filter((label) => label.eventType === 'VERDICT').length).toBeGreaterThan(100);
    const wrong = labels.filter((label) => {
      const order = placedAt.get(label.orderId);
      if (order === undefined || order.occurredAt >= label.occurredAt || label.amountMinor !== (label.fraud ? order.totalMinor : null)) return true;
      return label.eventType === 'CHARGEBACK' ? !label.fraud || !paid.has(label.orderId) : label.decidedBy?.startsWith('analyst-') !== true;
    });
    expect(wrong).toEqual([]);
  });
});
