import { createHash } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import avro from 'avsc';
import { findViolation, type EventContract } from '@millrace/contracts';
import { PROFILES } from './profiles.js';
import { WORLD_DEFAULTS, type WorldSettings } from './settings.js';
import { STREAM_NAMES, STREAMS, type StreamName, type WorldEvent } from './world-event.js';
import { World } from './world.js';

// Simulating some hundred thousand events takes its time on a busy machine.
jest.setTimeout(180_000);

const SETTINGS: WorldSettings = { ...WORLD_DEFAULTS, seed: 'determinism', start: Date.UTC(2026, 2, 2), curves: false, profile: PROFILES.b2c, lifecycleSpeed: 1440 };
const types = new Map<StreamName, avro.Type>(STREAM_NAMES.map((stream) => [stream, avro.Type.forSchema(JSON.parse(STREAMS[stream].schema) as avro.Schema)]));

function encode({ stream, event }: WorldEvent): Buffer {
  const type = types.get(stream);
  if (type === undefined) throw new RangeError(stream);
  return type.toBuffer(event);
}

function hashOfFirst(count: number, settings: WorldSettings): string {
  const world = new World(settings);
  const hash = createHash('sha256');
  for (let index = 0; index < count; index += 1) hash.update(encode(world.next()));
  return hash.digest('hex');
}

function first(count: number, settings: WorldSettings): WorldEvent[] {
  const world = new World(settings);
  return Array.from({ length: count }, () => world.next());
}

describe('World', () => {
  it('gives the same encoded bytes for the same settings, and others for another seed', () => {
    const reference = hashOfFirst(50_000, SETTINGS);
    expect(hashOfFirst(50_000, { ...SETTINGS })).toBe(reference);
    expect(hashOfFirst(50_000, { ...SETTINGS, seed: 'other' })).not.toBe(reference);
  });

  it('follows the curves in the same way each time', () => {
    const curved = { ...SETTINGS, curves: true, timeZone: 'Europe/Berlin' };
    expect(hashOfFirst(20_000, curved)).toBe(hashOfFirst(20_000, curved));
  });

  it('never goes back in event time and begins at the start', () => {
    const times = first(20_000, SETTINGS).map(({ event }) => event.occurredAt);
    expect(times[0]).toBe(SETTINGS.start);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('repeats no event id, not even in a run that starts later', () => {
    const ids = [SETTINGS, { ...SETTINGS, start: SETTINGS.start + 1 }].flatMap((settings) => first(20_000, settings).map(({ event }) => event.eventId));
    expect(new Set(ids).size).toBe(40_000);
  });

  it('knows the same persons and products in every run of a seed', () => {
    const productsOf = (settings: WorldSettings): string[] => first(2000, settings).map(({ event }) => JSON.stringify({ ...event, eventId: '', occurredAt: 0, stockLevel: 0 }));
    expect(productsOf({ ...SETTINGS, start: 0 })).toEqual(productsOf(SETTINGS));
    const deviceOf = (settings: WorldSettings): Map<string, string | null> =>
      new Map(first(10_000, settings).flatMap(({ stream, event }) => (stream === 'clickstream' ? [[event.visitorId, event.deviceId] as const] : [])));
    const devices = deviceOf(SETTINGS);
    const common = [...deviceOf({ ...SETTINGS, start: 0 })].filter(([visitor]) => devices.has(visitor));
    expect(common.length).toBeGreaterThan(500);
    for (const [visitor, device] of common) expect(devices.get(visitor)).toBe(device);
  });

  it('breaks no rule of a contract', () => {
    for (const profile of [PROFILES.b2c, PROFILES.b2b]) {
      const events = first(30_000, { ...SETTINGS, profile, nulls: { category: 0.5, brand: 0.5, country: 0.5 } });
      const violations = events.map(({ stream, event }) => findViolation(STREAMS[stream] as EventContract<WorldEvent['event']>, event));
      expect(violations.filter((violation) => violation !== null)).toEqual([]);
    }
  });

  it.each([
    { clickstream: 50, orders: 50 },
    { clickstream: 0, orders: 20 },
    { clickstream: 20, orders: 0 },
    { clickstream: 997, orders: 3 },
  ])('holds $clickstream clicks and $orders order events per second within 2 % in each minute', (rates) => {
    const world = new World({ ...SETTINGS, rates });
    const counts = new Map<string, number>();
    for (let event = world.next(); event.event.occurredAt < SETTINGS.start + 5 * 60_000; event = world.next()) {
      const minute = `${event.stream} ${String(Math.floor((event.event.occurredAt - SETTINGS.start) / 60_000))}`;
      counts.set(minute, (counts.get(minute) ?? 0) + 1);
    }
    for (const stream of ['clickstream', 'orders'] as const) {
      for (let minute = 0; minute < 5; minute += 1) {
        const count = counts.get(`${stream} ${String(minute)}`) ?? 0;
        expect(Math.abs(count - rates[stream] * 60)).toBeLessThanOrEqual(0.02 * rates[stream] * 60);
      }
    }
  });

  it('follows new rates at once', () => {
    const world = new World(SETTINGS);
    const changeAt = SETTINGS.start + 60_000;
    let event = world.next();
    while (event.event.occurredAt < changeAt) event = world.next();
    world.setRates({ clickstream: 485, orders: 15 }, changeAt);
    let clicks = 0;
    while (event.event.occurredAt < changeAt + 60_000) {
      if (event.stream === 'clickstream') clicks += 1;
      event = world.next();
    }
    expect(Math.abs(clicks - 485 * 60)).toBeLessThanOrEqual(0.02 * 485 * 60);
  });

  it('leaves out what is skipped', () => {
    const world = new World(SETTINGS);
    const until = SETTINGS.start + 3_600_000;
    for (let index = 0; index < 5000; index += 1) world.next();
    world.skipTo(until);
    expect(world.next().event.occurredAt).toBeGreaterThanOrEqual(until);
  });
});
