import type { ClickEvent, OrderEvent, TruthEvent } from '@millrace/contracts';
import type { WorldSettings } from '../../src/world/settings.js';
import type { WorldEvent } from '../../src/world/world-event.js';
import { World } from '../../src/world/world.js';

/** One order placed: what the shop could know at that moment, and what the truth says. */
export interface OrderRow {
  readonly numbers: Readonly<Record<string, number>>;
  readonly texts: Readonly<Record<string, string>>;
  readonly scenario: string | null;
}

const DAY_MS = 86_400_000;

/** Counts by key over the last 24 hours. */
class Recent {
  readonly #times = new Map<string, number[]>();
  count(key: string | null, now: number): number {
    if (key === null) return 0;
    const times = this.#times.get(key);
    if (times === undefined) return 0;
    while (times.length > 0 && (times[0] ?? now) < now - DAY_MS) times.shift();
    return times.length;
  }
  add(key: string | null, now: number): void {
    if (key === null) return;
    const times = this.#times.get(key);
    if (times === undefined) this.#times.set(key, [now]);
    else times.push(now);
  }
}

/** Different values by key, ever. */
class Partners {
  readonly #sets = new Map<string, Set<string>>();
  /** Values other than `value`. */
  others(key: string | null, value: string | null): number {
    const set = key === null ? undefined : this.#sets.get(key);
    return set === undefined ? 0 : set.size - (value !== null && set.has(value) ? 1 : 0);
  }
  add(key: string | null, value: string | null): void {
    if (key === null || value === null) return;
    const set = this.#sets.get(key);
    if (set === undefined) this.#sets.set(key, new Set([value]));
    else set.add(value);
  }
}

interface Session {
  first: number;
  clicks: number;
  views: number;
  cartEdits: number;
  signedIn: boolean;
}

const ENTITIES = {
  customer: (order: OrderEvent): string | null => order.customerId,
  card: (order: OrderEvent): string | null => order.cardId,
  device: (order: OrderEvent): string | null => order.deviceId,
  ip: (order: OrderEvent): string | null => order.ipAddress,
  shipping: (order: OrderEvent): string | null => order.shippingAddressId,
  billing: (order: OrderEvent): string | null => order.billingAddressId,
  product: (order: OrderEvent): string | null => order.lines[0]?.productId ?? null,
  emailDomain: (order: OrderEvent): string | null => order.emailDomain,
} as const;
type Entity = keyof typeof ENTITIES;
const NAMES = Object.keys(ENTITIES) as Entity[];
const PAIRS = [['card', 'customer'], ['device', 'customer'], ['shipping', 'customer'], ['device', 'card'], ['ip', 'card'], ['customer', 'card'], ['customer', 'device'], ['shipping', 'card']] as const;

/** Reads events in their order and describes each order placed. */
export class OrderFeatures {
  readonly rows: OrderRow[] = [];
  readonly #orders = Object.fromEntries(NAMES.map((name) => [name, new Recent()])) as Record<Entity, Recent>;
  readonly #declines = Object.fromEntries(NAMES.map((name) => [name, new Recent()])) as Record<Entity, Recent>;
  readonly #partners = PAIRS.map(([left, right]) => ({ left, right, known: new Partners() }));
  readonly #last = new Map<string, number>();
  readonly #sessions = new Map<string, Session>();
  #placed: OrderEvent | null = null;

  see({ stream, event }: WorldEvent): void {
    if (stream === 'clickstream') this.#click(event);
    else if (stream === 'orders') this.#order(event);
    else if (stream === 'truth') this.#truth(event);
  }

  #click(event: ClickEvent): void {
    const session = this.#sessions.get(event.sessionId ?? '') ?? { first: event.occurredAt, clicks: 0, views: 0, cartEdits: 0, signedIn: false };
    session.clicks += 1;
    if (event.eventType === 'PRODUCT_VIEW') session.views += 1;
    if (event.eventType === 'ADD_TO_CART' || event.eventType === 'REMOVE_FROM_CART') session.cartEdits += 1;
    if (event.eventType === 'SIGN_IN') session.signedIn = true;
    this.#sessions.set(event.sessionId ?? '', session);
  }

  #order(event: OrderEvent): void {
    if (event.eventType === 'PLACED') this.#placed = event;
    if (event.eventType === 'PAYMENT_DECLINED') for (const name of NAMES) this.#declines[name].add(ENTITIES[name](event), event.occurredAt);
  }

  /** The world tells the truth about an order right after it was placed. */
  #truth(event: TruthEvent): void {
    const order = this.#placed;
    if (order?.orderId !== event.orderId) return;
    this.rows.push({ numbers: this.#numbersOf(order), texts: textsOf(order), scenario: event.scenario });
    const now = order.occurredAt;
    for (const name of NAMES) {
      this.#orders[name].add(ENTITIES[name](order), now);
      const key = ENTITIES[name](order);
      if (key !== null) this.#last.set(`${name} ${key}`, now);
    }
    for (const { left, right, known } of this.#partners) known.add(ENTITIES[left](order), ENTITIES[right](order));
  }

  #numbersOf(order: OrderEvent): Record<string, number> {
    const now = order.occurredAt;
    const session = this.#sessions.get(order.sessionId ?? '');
    const at = new Date(now);
    const numbers: Record<string, number> = {
      amount: order.totalMinor,
      items: order.lines.reduce((sum, line) => sum + line.quantity, 0),
      lines: order.lines.length,
      dearest: Math.max(...order.lines.map((line) => line.unitPriceMinor)),
      discount: order.discountMinor ?? 0,
      hour: at.getUTCHours(),
      accountAge: order.accountCreatedAt === null ? -1 : now - order.accountCreatedAt,
      clicks: session?.clicks ?? 0,
      views: session?.views ?? 0,
      cartEdits: session?.cartEdits ?? 0,
      sessionMs: session === undefined ? -1 : now - session.first,
    };
    for (const name of NAMES) {
      const key = ENTITIES[name](order);
      numbers[`orders24h ${name}`] = this.#orders[name].count(key, now);
      numbers[`declines24h ${name}`] = this.#declines[name].count(key, now);
      const last = key === null ? undefined : this.#last.get(`${name} ${key}`);
      numbers[`sinceLast ${name}`] = last === undefined ? 1e12 : now - last;
    }
    for (const { left, right, known } of this.#partners) numbers[`other ${right}s of ${left}`] = known.others(ENTITIES[left](order), ENTITIES[right](order));
    return numbers;
  }
}

function textsOf(order: OrderEvent): Record<string, string> {
  const text = (value: string | null): string => value ?? 'none';
  const same = (a: string | null, b: string | null): string => (a === null || b === null ? 'unknown' : String(a === b));
  return {
    paymentMethod: text(order.paymentMethod),
    emailDomain: text(order.emailDomain),
    cardFunding: text(order.cardFunding),
    cardCountry: text(order.cardCountry),
    ipCountry: text(order.ipCountry),
    billingCountry: text(order.billingCountry),
    country: text(order.country),
    promoCode: text(order.promoCode),
    category: text(order.lines[0]?.category ?? null),
    product: text(order.lines[0]?.productId ?? null),
    weekday: String(new Date(order.occurredAt).getUTCDay()),
    visit: String(order.sessionId !== null),
    guest: String(order.accountCreatedAt === null),
    ipIsCard: same(order.ipCountry, order.cardCountry),
    ipIsBilling: same(order.ipCountry, order.billingCountry),
    cardIsBilling: same(order.cardCountry, order.billingCountry),
    shippingIsBillingCountry: same(order.country, order.billingCountry),
    shippingIsBilling: same(order.shippingAddressId, order.billingAddressId),
  };
}

/** Every order that a world's shop takes until `days` have passed. */
export function ordersOf(settings: WorldSettings, days: number): OrderRow[] {
  const world = new World(settings);
  const features = new OrderFeatures();
  const end = settings.start + days * DAY_MS;
  for (let next = world.next(); next.event.occurredAt < end; next = world.next()) features.see(next);
  return features.rows;
}
