import { describe, expect, it, jest } from '@jest/globals';
import { Ledger } from '../ledger.js';
import { PROFILES } from '../world/profiles.js';
import { Random } from '../world/random.js';
import { WORLD_DEFAULTS, type WorldSettings } from '../world/settings.js';
import { STREAM_NAMES } from '../world/world-event.js';
import { World } from '../world/world.js';
import { corruptBytes, CORRUPTIONS } from './corrupt-bytes.js';
import { FAULTS, FaultStream, NO_FAULTS, type Delivery, type FaultShares } from './fault-stream.js';

// Simulating some hundred thousand events takes its time on a busy machine.
jest.setTimeout(180_000);

const LATENESS_MS = 20_000;
const MINUTE_MS = 60_000;
const WORLD: WorldSettings = { ...WORLD_DEFAULTS, seed: 'faults', start: Date.UTC(2026, 4, 4), curves: false, profile: PROFILES.b2c, lifecycleSpeed: 1440 };
const SHARES: FaultShares = { duplicate: 0.01, outOfOrder: 0.02, lateWithin: 0.005, late: 0.01, corrupt: 0.008 };

function deliver(count: number, shares: FaultShares): Delivery[] {
  const faults = new FaultStream(new World(WORLD), { seed: 'faults', shares, latenessMs: LATENESS_MS });
  const sent: Delivery[] = [];
  let eventTime = WORLD.start;
  while (faults.drawn < count) {
    const delivery = faults.next(Infinity);
    if (delivery === null) break;
    eventTime = delivery.at;
    sent.push(delivery);
  }
  return [...sent, ...faults.flush(eventTime)];
}

describe('FaultStream', () => {
  const sent = deliver(60_000, SHARES);
  const withFault = (fault: Delivery['fault']): Delivery[] => sent.filter((delivery) => delivery.fault === fault);

  it('passes the world on unchanged without faults', () => {
    const world = new World(WORLD);
    const events = Array.from({ length: 10_000 }, () => world.next().event);
    expect(deliver(10_000, NO_FAULTS).map((delivery) => delivery.event)).toEqual(events);
  });

  it('does the same each time', () => {
    const brief = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ at, fault, event, spoilt }) => `${String(at)} ${String(fault)} ${event.eventId} ${spoilt?.bytes.toString('hex') ?? ''}`);
    expect(brief(deliver(60_000, SHARES))).toEqual(brief(sent));
  });

  it('does it at the declared rates', () => {
    for (const fault of FAULTS) {
      const expected = 60_000 * SHARES[fault];
      expect(Math.abs(withFault(fault).length - expected)).toBeLessThan(5 * Math.sqrt(expected) + 5);
    }
  });

  it('delivers every event of the world exactly once, and duplicates as they were', () => {
    const distinct = sent.filter(({ fault }) => fault !== 'duplicate' && fault !== 'corrupt');
    expect(distinct.length).toBe(60_000);
    const byId = new Map(distinct.map((delivery) => [delivery.event.eventId, delivery.event]));
    expect(byId.size).toBe(60_000);
    for (const { event } of withFault('duplicate')) expect(byId.get(event.eventId)).toEqual(event);
  });

  it('sends in the order of its sending times until it is flushed', () => {
    const times = sent.slice(0, 50_000).map((delivery) => delivery.at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('holds late events back until their minute is closed, and others not so long', () => {
    let newest = 0;
    const behind = new Map<string, number>();
    for (const { event, fault } of sent) {
      newest = Math.max(newest, event.occurredAt);
      if (fault === null) continue;
      const closed = (Math.floor(event.occurredAt / MINUTE_MS) + 1) * MINUTE_MS + LATENESS_MS;
      behind.set(`${fault} ${event.eventId}`, newest - closed);
    }
    const lags = (fault: string): number[] => [...behind].flatMap(([name, lag]) => (name.startsWith(`${fault} `) ? [lag] : []));
    expect(lags('late').length).toBeGreaterThan(300);
    expect(Math.min(...lags('late'))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...lags('lateWithin'), ...lags('outOfOrder'))).toBeLessThan(0);
  });

  it('sends out-of-order events after younger ones', () => {
    let newest = 0;
    let overtaken = 0;
    for (const { event, fault } of sent) {
      if (fault === 'outOfOrder' && event.occurredAt < newest) overtaken += 1;
      newest = Math.max(newest, event.occurredAt);
    }
    expect(overtaken / withFault('outOfOrder').length).toBeGreaterThan(0.97);
  });

  it('leaves the truth alone', () => {
    expect(sent.some(({ stream }) => stream === 'truth')).toBe(true);
    expect(sent.filter(({ stream, fault }) => stream === 'truth' && fault !== null)).toEqual([]);
  });

  it('is counted exactly by the ledger', () => {
    const ledger = new Ledger();
    for (const delivery of sent) ledger.produced(delivery);
    const { totals, minutes } = ledger.report();
    for (const stream of STREAM_NAMES) {
      const own = sent.filter((delivery) => delivery.stream === stream);
      const expected = { produced: own.length, distinct: new Set(own.map(({ event }) => event.eventId)).size };
      expect(totals[stream]).toMatchObject({ ...expected, ...Object.fromEntries(FAULTS.map((fault) => [fault, own.filter((delivery) => delivery.fault === fault).length])) });
      expect(totals[stream].distinct + totals[stream].duplicate + totals[stream].corrupt).toBe(totals[stream].produced);
      const rows = minutes.filter((row) => row.stream === stream);
      expect(rows.reduce((sum, row) => sum + row.produced, 0)).toBe(own.length);
    }
    const third = new Date(WORLD.start + 2 * MINUTE_MS).toISOString();
    const inThird = sent.filter(({ stream, event }) => stream === 'clickstream' && Math.floor((event.occurredAt - WORLD.start) / MINUTE_MS) === 2);
    expect(minutes.find((row) => row.stream === 'clickstream' && row.minute === third)?.produced).toBe(inThird.length);
  });
});

describe('corruptBytes', () => {
  it.each(CORRUPTIONS)('gives bytes without a header that a registry could know: %s', (kind) => {
    const seen = new Set<string>();
    for (let attempt = 0; attempt < 500; attempt += 1) {
      const bytes = corruptBytes(kind, { eventId: 'e' }, new Random(kind, attempt));
      seen.add(bytes.toString('hex'));
      const hasHeader = bytes.length >= 5 && bytes[0] === 0;
      expect(hasHeader ? bytes.readInt32BE(1) : Infinity).toBeGreaterThan(2 ** 30);
    }
    expect(seen.size).toBe(kind === 'noise' ? 500 : 1);
  });
});
