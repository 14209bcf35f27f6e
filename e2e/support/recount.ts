import { metricKey, type ClickEvent, type FeedbackEvent, type InventoryEvent, type OrderEvent } from '@millrace/contracts';

/** Every event that counts: valid, in time, first of its id, in the order of its partition. */
export interface CountedEvents {
  readonly clicks: readonly ClickEvent[];
  readonly orders: readonly OrderEvent[];
  readonly inventory: readonly InventoryEvent[];
  readonly feedback: readonly FeedbackEvent[];
}

const MINUTE = 60_000;
const LENGTHS = { '1m': MINUTE, '1h': 60 * MINUTE, '1d': 1_440 * MINUTE } as const;
type Tumbling = keyof typeof LENGTHS | '1mo';

/**
 * Counts every metric of the catalogue anew, from its sentence in the catalogue and nothing else (UTC). Returns values by
 * `window|metricKey|windowStart`. Slow and plain on purpose: it is what the stream is checked against.
 */
export function recount(events: CountedEvents): Map<string, number> {
  return new Map([...sums(events), ...ratios(events), ...topProducts(events.orders), ...stock(events.inventory), ...ratings(events.feedback)]);
}

/** Ranked product ids of each 10-minute window, by its start. */
export function recountBestSellers(orders: readonly OrderEvent[]): Map<number, string[]> {
  const ranked = new Map<number, string[]>();
  for (const [start, units] of unitsByWindow(orders)) {
    const best = [...units].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, 10);
    ranked.set(start, best.map(([product]) => product));
  }
  return ranked;
}

function startOf(window: Tumbling, at: number): number {
  if (window !== '1mo') return Math.floor(at / LENGTHS[window]) * LENGTHS[window];
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

function id(window: string, metric: string, dimensions: Record<string, string>, start: number): string {
  return `${window}|${metricKey(metric, dimensions)}|${start}`;
}

class Tally {
  readonly values = new Map<string, number>();
  add(windows: readonly Tumbling[], metric: string, dimensionSets: readonly Record<string, string>[], at: number, by: number): void {
    for (const window of windows)
      for (const dimensions of dimensionSets) {
        const key = id(window, metric, dimensions, startOf(window, at));
        this.values.set(key, (this.values.get(key) ?? 0) + by);
      }
  }
}

function sums({ clicks, orders, inventory, feedback }: CountedEvents): Map<string, number> {
  const tally = new Tally();
  for (const order of orders) {
    const { occurredAt: at, currency, totalMinor } = order;
    const country = order.country ?? 'unknown';
    tally.add(['1m'], 'events', [{ topic: 'shop.orders.v1' }], at, 1);
    if (order.eventType === 'PLACED') {
      tally.add(['1m', '1d', '1mo'], 'orders', [{}, { country }], at, 1);
      tally.add(['1m', '1d', '1mo'], 'revenue', [{ currency }, { country, currency }], at, totalMinor);
      for (const line of order.lines) {
        const category = line.category ?? 'unknown';
        tally.add(['1m', '1d'], 'units_sold', [{}, { category }], at, line.quantity);
        tally.add(['1m', '1d', '1mo'], 'revenue', [{ category, currency }], at, line.amountMinor);
      }
    }
    if (order.eventType === 'REFUNDED') {
      tally.add(['1m', '1d', '1mo'], 'refunds', [{ currency }, { country, currency }], at, totalMinor);
      tally.add(['1m', '1d', '1mo'], 'refund_count', [{}], at, 1);
    }
  }
  for (const click of clicks) {
    tally.add(['1m'], 'events', [{ topic: 'shop.clickstream.v1' }], click.occurredAt, 1);
    if (click.eventType === 'PRODUCT_VIEW') tally.add(['1m', '1d'], 'views', [{}, { category: click.category ?? 'unknown' }], click.occurredAt, 1);
  }
  for (const event of inventory) tally.add(['1m'], 'events', [{ topic: 'shop.inventory.v1' }], event.occurredAt, 1);
  for (const event of feedback) tally.add(['1m'], 'events', [{ topic: 'shop.feedback.v1' }], event.occurredAt, 1);
  return tally.values;
}

class Distinct {
  readonly sets = new Map<string, Set<string>>();
  add(key: string, member: string): void {
    const set = this.sets.get(key) ?? new Set();
    this.sets.set(key, set.add(member));
  }
  get(key: string): ReadonlySet<string> {
    return this.sets.get(key) ?? new Set();
  }
}

function ratios({ clicks, orders }: CountedEvents): Map<string, number> {
  const values = new Map<string, number>();
  const placed = orders.filter(({ eventType }) => eventType === 'PLACED');
  averageOrder(placed, values);
  const active = new Distinct();
  const seen = new Distinct();
  const bought = new Distinct();
  const carts = new Distinct();
  const boughtSessions = new Distinct();
  for (const click of clicks) {
    const hour = startOf('1h', click.occurredAt);
    for (const dimensions of [{}, { country: click.country ?? 'unknown' }]) {
      active.add(id('1m', 'active_users', dimensions, startOf('1m', click.occurredAt)), click.visitorId);
      seen.add(id('1h', 'conversion_rate', dimensions, hour), click.visitorId);
    }
    if (click.eventType === 'ADD_TO_CART' && click.sessionId !== null) carts.add(String(hour), click.sessionId);
  }
  for (const order of placed) {
    const hour = startOf('1h', order.occurredAt);
    if (order.visitorId !== null)
      for (const dimensions of [{}, { country: order.country ?? 'unknown' }]) {
        const key = id('1h', 'conversion_rate', dimensions, hour);
        seen.add(key, order.visitorId);
        bought.add(key, order.visitorId);
      }
    if (order.sessionId !== null) boughtSessions.add(String(hour), order.sessionId);
  }
  for (const [key, visitors] of active.sets) values.set(key, visitors.size);
  for (const [key, visitors] of seen.sets) values.set(key, bought.get(key).size / visitors.size);
  for (const [hour, sessions] of carts.sets) {
    const left = [...sessions].filter((session) => !boughtSessions.get(hour).has(session)).length;
    values.set(id('1h', 'cart_abandonment', {}, Number(hour)), left / sessions.size);
  }
  return values;
}

function averageOrder(placed: readonly OrderEvent[], into: Map<string, number>): void {
  for (const window of ['1m', '1d'] as const) {
    const totals = new Map<string, { sum: number; count: number }>();
    for (const { occurredAt, currency, totalMinor } of placed) {
      const key = id(window, 'average_order_value', { currency }, startOf(window, occurredAt));
      const { sum, count } = totals.get(key) ?? { sum: 0, count: 0 };
      totals.set(key, { sum: sum + totalMinor, count: count + 1 });
    }
    for (const [key, { sum, count }] of totals) into.set(key, sum / count);
  }
}

function unitsByWindow(orders: readonly OrderEvent[]): Map<number, Map<string, number>> {
  const windows = new Map<number, Map<string, number>>();
  for (const { eventType, occurredAt, lines } of orders) {
    if (eventType !== 'PLACED') continue;
    const last = startOf('1m', occurredAt);
    for (let start = last - 9 * MINUTE; start <= last; start += MINUTE) {
      const units = windows.get(start) ?? new Map<string, number>();
      for (const { productId, quantity } of lines) units.set(productId, (units.get(productId) ?? 0) + quantity);
      windows.set(start, units);
    }
  }
  return windows;
}

function topProducts(orders: readonly OrderEvent[]): Map<string, number> {
  const values = new Map<string, number>();
  for (const [start, units] of unitsByWindow(orders)) values.set(id('10m', 'top_products', {}, start), [...units.values()].reduce((a, b) => a + b, 0));
  return values;
}

function stock(inventory: readonly InventoryEvent[]): Map<string, number> {
  const values = new Map<string, number>();
  const latest = new Map<string, InventoryEvent>();
  for (const event of inventory) {
    if (event.stockLevel === null) continue;
    const key = id('1m', 'stock_level', { product: event.productId }, startOf('1m', event.occurredAt));
    const known = latest.get(key);
    if (known === undefined || event.occurredAt >= known.occurredAt) latest.set(key, event);
  }
  for (const [key, event] of latest) values.set(key, event.stockLevel ?? Number.NaN);
  const whole = turnover(inventory, () => ({}));
  const byCategory = turnover(inventory, ({ category }) => ({ category: category ?? 'unknown' }));
  return new Map([...values, ...whole, ...byCategory]);
}

function turnover(inventory: readonly InventoryEvent[], dimensionsOf: (event: InventoryEvent) => Record<string, string>): Map<string, number> {
  const sold = new Map<string, number>();
  const levels = new Map<string, Map<string, number[]>>();
  for (const event of inventory) {
    const key = id('1d', 'stock_turnover', dimensionsOf(event), startOf('1d', event.occurredAt));
    if (event.reason === 'sale') sold.set(key, (sold.get(key) ?? 0) - (event.change ?? 0));
    if (event.stockLevel === null) continue;
    const products = levels.get(key) ?? new Map<string, number[]>();
    products.set(event.productId, [...(products.get(event.productId) ?? []), event.stockLevel]);
    levels.set(key, products);
  }
  const values = new Map<string, number>();
  for (const [key, products] of levels) {
    const onHand = [...products.values()].reduce((sum, seen) => sum + seen.reduce((a, b) => a + b, 0) / seen.length, 0);
    if (onHand > 0) values.set(key, (sold.get(key) ?? 0) / onHand);
  }
  return values;
}

function ratings(feedback: readonly FeedbackEvent[]): Map<string, number> {
  const values = new Map<string, number>();
  const totals = new Map<string, { sum: number; count: number }>();
  for (const { occurredAt, rating, category } of feedback)
    for (const window of ['1h', '1d'] as const)
      for (const dimensions of [{}, { category: category ?? 'unknown' }]) {
        const key = id(window, 'rating', dimensions, startOf(window, occurredAt));
        const { sum, count } = totals.get(key) ?? { sum: 0, count: 0 };
        totals.set(key, { sum: sum + rating, count: count + 1 });
      }
  for (const [key, { sum, count }] of totals) values.set(key, sum / count);
  return values;
}
