import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { FraudLabelEvent, OrderEvent, TruthEvent } from '@millrace/contracts';
import { PROFILES } from '../world/profiles.js';
import { WORLD_DEFAULTS, ODDITIES, type Oddities, type WorldSettings } from '../world/settings.js';
import type { WorldEvent } from '../world/world-event.js';
import { World } from '../world/world.js';
import { fraudSettings, SCENARIO_NAMES, type ScenarioName } from './scenario-names.js';

// Simulating some hundred thousand events takes its time on a busy machine.
jest.setTimeout(180_000);

const DAY_MS = 86_400_000;
const ON_THE_WAY_MS = 3 * 60_000;
const START = Date.UTC(2026, 0, 5);
const BASE: WorldSettings = { ...WORLD_DEFAULTS, seed: 'underworld', start: START, curves: false, profile: PROFILES.b2c, lifecycleSpeed: 1, rates: { clickstream: 0.1, orders: 0.1 } };
/** Only these scenarios, at equal weights. */
const only = (dials: { prevalence: number; difficulty: number; drift: number }, ...names: ScenarioName[]): WorldSettings['fraud'] =>
  fraudSettings(dials, Object.fromEntries(SCENARIO_NAMES.map((name) => [name, { weight: names.includes(name) ? 1 : 0 }])));

interface Told {
  readonly placed: Map<string, OrderEvent>;
  readonly declined: Map<string, OrderEvent>;
  readonly paid: Map<string, OrderEvent>;
  readonly truth: TruthEvent[];
  readonly labels: FraudLabelEvent[];
  readonly events: WorldEvent[];
}

function tell(change: Partial<WorldSettings>, days: number): Told {
  const settings = { ...BASE, ...change };
  const told: Told = { placed: new Map(), declined: new Map(), paid: new Map(), truth: [], labels: [], events: [] };
  const world = new World(settings);
  const books: Record<string, Map<string, OrderEvent> | undefined> = { PLACED: told.placed, PAYMENT_DECLINED: told.declined, PAID: told.paid };
  for (let next = world.next(); next.event.occurredAt < settings.start + days * DAY_MS; next = world.next()) {
    told.events.push(next);
    if (next.stream === 'truth') told.truth.push(next.event);
    else if (next.stream === 'labels') told.labels.push(next.event);
    else if (next.stream === 'orders') books[next.event.eventType]?.set(next.event.orderId, next.event);
  }
  return told;
}

describe('prevalence', () => {
  const frauds = ({ truth }: Told): TruthEvent[] => truth.filter(({ eventType }) => eventType === 'FRAUD');

  it('is what is set, shared out by weight', () => {
    const told = tell({ fraud: only({ prevalence: 0.1, difficulty: 0.5, drift: 0 }, 'stolen-card', 'account-takeover') }, 12);
    const found = frauds(told);
    expect(Math.abs(found.length / told.truth.length - 0.1)).toBeLessThan(0.01);
    expect(Math.abs(found.filter(({ scenario }) => scenario === 'stolen-card').length / found.length - 0.5)).toBeLessThan(0.05);
    expect(new Set(found.map(({ scenario }) => scenario))).toEqual(new Set(['stolen-card', 'account-takeover']));
  });

  it('is nothing at 0', () => {
    expect(frauds(tell({ fraud: fraudSettings({ prevalence: 0, difficulty: 0.5, drift: 0.4 }) }, 3))).toEqual([]);
  });

  it('moves over the weeks where there is drift, and else stays', () => {
    const weekly = (drift: number): number[] => {
      const told = tell({ rates: { clickstream: 0, orders: 0.03 }, fraud: only({ prevalence: 0.2, difficulty: 0.5, drift }, 'stolen-card') }, 70);
      const weeks = Array<number>(10).fill(0);
      for (const { occurredAt } of frauds(told)) weeks[Math.floor((occurredAt - START) / (7 * DAY_MS))]! += 1;
      return weeks;
    };
    const spread = (weeks: readonly number[]): number => Math.max(...weeks) / Math.min(...weeks);
    expect(spread(weekly(0))).toBeLessThan(1.5);
    expect(spread(weekly(0.8))).toBeGreaterThan(2);
  });
});

type Standing = 'untroubled' | 'refused' | 'unsure';

/** What an actor knew when he placed `now`, after `before`. Who was already on the way when the refusal came could not know. */
function standing(refusals: readonly number[], before: OrderEvent, now: OrderEvent): Standing {
  if (refusals.some((at) => at > before.occurredAt && at < now.occurredAt - ON_THE_WAY_MS)) return 'refused';
  return refusals.some((at) => at < now.occurredAt) ? 'unsure' : 'untroubled';
}

describe('fraudsters', () => {
  it('change device and line when the bank has refused', () => {
    const told = tell({ rates: { clickstream: 0.5, orders: 0.5 }, fraud: only({ prevalence: 0.03, difficulty: 0, drift: 0 }, 'card-testing') }, 4);
    const byActor = new Map<string, TruthEvent[]>();
    for (const event of told.truth) if (event.eventType === 'FRAUD') byActor.set(event.actorId ?? '', [...(byActor.get(event.actorId ?? '') ?? []), event]);
    const same: Record<Standing, boolean[]> = { untroubled: [], refused: [], unsure: [] };
    for (const acts of byActor.values()) {
      const refusals = acts.flatMap(({ orderId }) => told.declined.get(orderId)?.occurredAt ?? []);
      const placed = acts.map(({ orderId }) => told.placed.get(orderId)!).filter(({ deviceId }) => deviceId !== null);
      for (const [index, now] of placed.entries()) {
        const before = placed[index - 1];
        if (before !== undefined) same[standing(refusals, before, now)].push(before.deviceId === now.deviceId && before.ipAddress === now.ipAddress);
      }
    }
    const share = (kept: readonly boolean[]): number => kept.filter(Boolean).length / kept.length;
    expect(same.untroubled.length).toBeGreaterThan(20);
    expect(same.refused.length).toBeGreaterThan(5);
    expect(share(same.untroubled)).toBeGreaterThan(0.95);
    expect(share(same.refused)).toBeLessThan(0.1);
  });

  it('use cards that the compromised page has seen', () => {
    const told = tell({ fraud: only({ prevalence: 0.03, difficulty: 0.5, drift: 0 }, 'compromised-page') }, 15);
    const fraud = new Set(told.truth.filter(({ eventType }) => eventType === 'FRAUD').map(({ orderId }) => orderId));
    const owners = new Map<string, string>();
    let used = 0;
    for (const { orderId, cardId, customerId } of told.placed.values()) {
      if (cardId === null) continue;
      if (!fraud.has(orderId)) owners.set(cardId, customerId);
      else if (owners.has(cardId) && owners.get(cardId) !== customerId) used += 1;
    }
    expect(fraud.size).toBeGreaterThan(100);
    expect(used / fraud.size).toBeGreaterThan(0.99);
  });
});

describe('honest shoppers', () => {
  const looks = (oddities: Oddities): Record<string, number> => {
    const { placed, declined } = tell({ oddities, rates: { clickstream: 0.4, orders: 0.1 }, fraud: fraudSettings({ prevalence: 0, difficulty: 0, drift: 0 }) }, 6);
    const share = (odd: (order: OrderEvent) => boolean): number => [...placed.values()].filter(odd).length / placed.size;
    const differ = (a: string | null, b: string | null): boolean => a !== null && b !== null && a !== b;
    return {
      elsewhere: share((order) => differ(order.ipCountry, order.billingCountry)),
      foreignCard: share((order) => differ(order.cardCountry, order.billingCountry)),
      sentElsewhere: share((order) => order.shippingAddressId !== order.billingAddressId),
      bulk: share((order) => order.lines.some((line) => line.quantity > 4)),
      disposable: share((order) => order.emailDomain === 'mailinator.com' || order.emailDomain === 'yopmail.com'),
      declined: declined.size / placed.size,
    };
  };

  it('look odd at times, as often as is set', () => {
    for (const [name, share] of Object.entries(looks(ODDITIES))) expect([name, share > 0.003 && share < 0.25]).toEqual([name, true]);
    const none = looks(Object.fromEntries(Object.keys(ODDITIES).map((name) => [name, 0])) as unknown as Oddities);
    for (const name of ['elsewhere', 'foreignCard', 'sentElsewhere', 'bulk', 'disposable']) expect([name, none[name]! < 0.001]).toEqual([name, true]);
  });
});

describe('labels', () => {
  let told: Told;
  const fraud = new Set<string>();
  beforeAll(() => {
    told = tell({ rates: { clickstream: 0, orders: 0.08 }, fraud: fraudSettings({ prevalence: 0.1, difficulty: 0.5, drift: 0 }) }, 40);
    for (const { eventType, orderId } of told.truth) if (eventType === 'FRAUD') fraud.add(orderId);
  });
  const delays = (type: string): number[] =>
    told.labels.flatMap(({ eventType, orderId, occurredAt }) => {
      const order = told.placed.get(orderId)!;
      // Of later orders only the quick labels have come.
      return eventType === type && order.occurredAt < START + 10 * DAY_MS ? [occurredAt - order.occurredAt] : [];
    }).sort((a, b) => a - b);

  it('come from the bank after about a week, some after weeks, some never, some about honest orders', () => {
    const chargebacks = delays('CHARGEBACK');
    const median = chargebacks[Math.floor(chargebacks.length / 2)]! / DAY_MS;
    expect(median).toBeGreaterThan(5);
    expect(median).toBeLessThan(9);
    expect(chargebacks.at(-1)! / DAY_MS).toBeGreaterThan(20);
    const claimed = new Set(told.labels.filter(({ eventType }) => eventType === 'CHARGEBACK').map(({ orderId }) => orderId));
    const stolen = told.truth.filter((event) => event.scenario === 'stolen-card' && event.occurredAt < START + 10 * DAY_MS && told.paid.has(event.orderId));
    const share = stolen.filter(({ orderId }) => claimed.has(orderId)).length / stolen.length;
    expect(share).toBeGreaterThan(0.6);
    expect(share).toBeLessThan(0.9);
    expect([...claimed].some((orderId) => !fraud.has(orderId))).toBe(true);
    expect(told.truth.some((event) => event.scenario === 'friendly-fraud' && claimed.has(event.orderId))).toBe(true);
  });

  it('come from analysts within hours, for a share of the orders, with few errors', () => {
    const verdicts = told.labels.filter(({ eventType }) => eventType === 'VERDICT');
    expect(delays('VERDICT')[Math.floor(delays('VERDICT').length / 2)]! / 3_600_000).toBeLessThan(8);
    expect(verdicts.length / told.placed.size).toBeGreaterThan(0.01);
    expect(verdicts.length / told.placed.size).toBeLessThan(0.06);
    const wrong = verdicts.filter((label) => label.fraud !== fraud.has(label.orderId)).length / verdicts.length;
    expect(wrong).toBeGreaterThan(0.01);
    expect(wrong).toBeLessThan(0.1);
  });
});
