import { describe, expect, it } from '@jest/globals';
import { FaultStream } from '../faults/fault-stream.js';
import { PROFILES } from '../world/profiles.js';
import { Random } from '../world/random.js';
import { WORLD_DEFAULTS } from '../world/settings.js';
import { World } from '../world/world.js';
import { DEFAULT_PACE, Pacer } from './pacer.js';

const START = Date.UTC(2026, 5, 1);
const LIVE = { ...DEFAULT_PACE, speed: 1 };

describe('Pacer', () => {
  it('keeps event time at wall time', () => {
    const pacer = new Pacer(LIVE, START, START);
    for (let wall = START; wall < START + 10_000; wall += 50) expect(pacer.allow(wall)).toEqual({ horizon: wall, lagMs: 0, skippedMs: 0 });
  });

  it('runs event time at its factor', () => {
    const pacer = new Pacer({ ...DEFAULT_PACE, speed: 3600 }, START, 0);
    let horizon = START;
    for (let wall = 0; wall <= 10_000; wall += 100) ({ horizon } = pacer.allow(wall));
    expect(horizon).toBe(START + 36_000_000);
  });

  it('goes straight to the limit at speed max, and never past it', () => {
    expect(new Pacer({ ...LIVE, speed: Infinity }, 0, START).allow(START, 5000).horizon).toBe(5000);
    expect(new Pacer(LIVE, START, START).allow(START + 1000, START + 300).horizon).toBe(START + 300);
  });

  it('makes up for a pause at twice the rate and no faster', () => {
    const pacer = new Pacer(LIVE, START, START);
    for (let wall = START; wall <= START + 1000; wall += 250) pacer.allow(wall);
    const afterPause = pacer.allow(START + 11_000);
    expect(afterPause.skippedMs).toBe(0);
    expect(afterPause.horizon - (START + 1000)).toBeLessThanOrEqual(1000);
    expect(afterPause.lagMs).toBeGreaterThan(8900);
    let before = afterPause.horizon;
    let wall = START + 11_000;
    while (before < wall) {
      wall += 20;
      const { horizon } = pacer.allow(wall);
      expect(horizon - before).toBeLessThanOrEqual(40);
      before = horizon;
    }
    // 9 s behind, made up at one second per second.
    expect(wall - START - 11_000).toBeGreaterThan(8900);
    expect(wall - START - 11_000).toBeLessThan(9200);
  });

  it('gives up what is too far behind, once', () => {
    const pacer = new Pacer(LIVE, START, START);
    for (let wall = START; wall <= START + 1000; wall += 250) pacer.allow(wall);
    const { skippedMs, horizon, lagMs } = pacer.allow(START + 601_000);
    expect(skippedMs).toBe(600_000);
    expect(horizon).toBe(START + 601_000);
    expect(lagMs).toBe(0);
    expect(pacer.allow(START + 601_020).skippedMs).toBe(0);
  });

  it('counts what could not be sent as lag, and gives it up when it is too much', () => {
    const pacer = new Pacer(LIVE, START, START);
    let skipped = 0;
    let lag = 0;
    // Half as fast as it should be.
    for (let wall = START, sentUntil = START; wall < START + 70_000; wall += 100) {
      const { horizon, lagMs, skippedMs } = pacer.allow(wall);
      skipped += skippedMs;
      lag = Math.max(lag, lagMs);
      sentUntil = Math.min(horizon, sentUntil + skippedMs + 50);
      pacer.reached(sentUntil);
    }
    expect(lag).toBeGreaterThan(29_000);
    expect(lag).toBeLessThanOrEqual(30_000);
    expect(skipped).toBeGreaterThan(29_000);
    expect(skipped).toBeLessThan(32_000);
  });

  it('holds 100 events a second within 2 % in every minute, however irregularly it is asked', () => {
    const world = new World({ ...WORLD_DEFAULTS, seed: 'pace', start: START, curves: false, profile: PROFILES.b2c, lifecycleSpeed: 1440 });
    const shares = { duplicate: 0.001, outOfOrder: 0.01, lateWithin: 0.0005, late: 0.0005, corrupt: 0.0002 };
    const faults = new FaultStream(world, { seed: 'pace', shares, latenessMs: 600_000 });
    const pacer = new Pacer(LIVE, START, START);
    const random = new Random('ticks');
    const sentInMinute = [0, 0, 0, 0, 0];
    // Ticks of 5 to 120 ms, and now and then a stall of up to 2 s.
    for (let wall = START; wall < START + 300_000; wall += random.chance(0.01) ? random.below(2000) : 5 + random.below(115)) {
      const { horizon } = pacer.allow(wall);
      for (let delivery = faults.next(horizon); delivery !== null; delivery = faults.next(horizon)) {
        const minute = Math.floor((wall - START) / 60_000);
        if (delivery.stream === 'clickstream' || delivery.stream === 'orders') sentInMinute[minute] = (sentInMinute[minute] ?? 0) + 1;
      }
    }
    for (const sent of sentInMinute) expect(Math.abs(sent - 6000)).toBeLessThanOrEqual(120);
  });
});
