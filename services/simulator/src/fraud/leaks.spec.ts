import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { OrderEvent, TruthEvent } from '@millrace/contracts';
import { PROFILES } from '../world/profiles.js';
import { WORLD_DEFAULTS } from '../world/settings.js';
import { World } from '../world/world.js';
import { fraudSettings, SCENARIO_NAMES } from './scenario-names.js';

// Simulating some hundred thousand events takes its time on a busy machine.
jest.setTimeout(180_000);

const EVENTS = 400_000;
/** Numbers that somebody else may have drawn between. */
const SLACK = 20;
const IDS = ['eventId', 'orderId', 'customerId', 'visitorId', 'sessionId', 'deviceId', 'ipAddress', 'cardId', 'billingAddressId', 'shippingAddressId'] as const;

/** `c-000a1b` becomes `L-XXXXXX`; addresses keep their dots, numbers of theirs have one to three digits. */
function shapeOf(field: (typeof IDS)[number], order: OrderEvent): string {
  const id = order[field] ?? 'null';
  return field === 'ipAddress' ? id.replace(/\d+/gu, 'N') : id.replace(/^guest-/u, 'G-').replace(/[0-9a-z]/gu, 'X');
}

const counterOf = (eventId: string): number => Number.parseInt(/-[a-z]([0-9a-z]+)$/u.exec(eventId)?.[1] ?? '', 36);

describe('what other topics tell of the truth', () => {
  const texts: string[] = [];
  const orders: OrderEvent[] = [];
  const truth = new Map<string, TruthEvent>();
  /** How far before the newest number seen so far, or behind it, each person's was when she first appeared. */
  const ahead = new Map<number, number>();
  let honest: OrderEvent[];
  let frauds: OrderEvent[];

  beforeAll(() => {
    const world = new World({
      ...WORLD_DEFAULTS, seed: 'leaks', start: Date.UTC(2026, 0, 5), curves: false, profile: PROFILES.b2c, lifecycleSpeed: 1440,
      rates: { clickstream: 60, orders: 20 }, fraud: fraudSettings({ prevalence: 0.05, difficulty: 0.5, drift: 0 }),
    });
    let newest = 0;
    const meet = (id: string | null): void => {
      const number = Number.parseInt(/^[cv]-([0-9a-z]+)$/u.exec(id ?? '')?.[1] ?? '', 36);
      if (Number.isNaN(number)) return;
      if (!ahead.has(number)) ahead.set(number, number - newest);
      newest = Math.max(newest, number);
    };
    for (let index = 0, next = world.next(); index < EVENTS; index += 1, next = world.next()) {
      if (next.stream === 'truth') truth.set(next.event.orderId, next.event);
      else texts.push(JSON.stringify(next.event));
      if (next.stream === 'clickstream' || next.stream === 'orders') {
        meet(next.event.visitorId);
        meet(next.event.customerId);
      }
      if (next.stream === 'orders' && next.event.eventType === 'PLACED') orders.push(next.event);
    }
    honest = orders.filter(({ orderId }) => truth.get(orderId)?.eventType === 'HONEST');
    frauds = orders.filter(({ orderId }) => truth.get(orderId)?.eventType === 'FRAUD');
  });

  it('has enough of both to compare', () => {
    expect(honest.length).toBeGreaterThan(8000);
    expect(frauds.length).toBeGreaterThan(300);
  });

  it('is no name of a scenario and of nobody behind one', () => {
    const actors = new Set([...truth.values()].filter(({ eventType }) => eventType === 'FRAUD').map(({ actorId }) => actorId));
    const secret = new RegExp([...SCENARIO_NAMES, ...actors].join('|'), 'u');
    expect(actors.size).toBeGreaterThan(20);
    expect(texts.filter((text) => secret.test(text))).toEqual([]);
  });

  it('is no form of an id, and no field that only one of them leaves empty', () => {
    for (const field of IDS) {
      const known = new Set(honest.map((order) => shapeOf(field, order)));
      expect([field, frauds.map((order) => shapeOf(field, order)).filter((shape) => !known.has(shape))]).toEqual([field, []]);
    }
    const empty = (order: OrderEvent): string => Object.entries(order).map(([name, value]) => (value === null ? name : '')).join();
    const known = new Set(honest.map(empty));
    expect(frauds.map(empty).filter((fields) => !known.has(fields))).toEqual([]);
  });

  it('is no number out of its order', () => {
    // Between an order and the next event there is the same gap, whoever ordered.
    for (const { orderId, eventId } of orders) expect(counterOf(truth.get(orderId)?.eventId ?? '') - counterOf(eventId)).toBe(1);
    const offsets = (some: readonly OrderEvent[]): number[] =>
      some.flatMap(({ customerId }) => (customerId.startsWith('c-') ? [ahead.get(Number.parseInt(customerId.slice(2), 36)) ?? NaN] : []));
    const [ours, theirs] = [offsets(honest), offsets(frauds)];
    expect(Math.max(...theirs)).toBeLessThanOrEqual(Math.max(...ours) + SLACK);
    expect(Math.min(...theirs)).toBeGreaterThanOrEqual(Math.min(...ours) - SLACK);
  });

  it('is no moment: fraud takes the slots that others take', () => {
    const gaps = new Map(orders.map((order, index) => [order.orderId, order.occurredAt - (orders[index - 1]?.occurredAt ?? order.occurredAt)]));
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const gap = (some: readonly OrderEvent[]): number => mean(some.map(({ orderId }) => gaps.get(orderId) ?? 0));
    expect(Math.abs(gap(frauds) / gap(honest) - 1)).toBeLessThan(0.15);
    expect(Math.abs(mean(frauds.map(({ occurredAt }) => occurredAt % 1000)) - 500)).toBeLessThan(50);
  });
});
