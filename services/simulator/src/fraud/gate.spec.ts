import { describe, expect, it, jest } from '@jest/globals';
import { ordersOf, type OrderRow } from '../../test/support/order-features.js';
import { SingleRules } from '../../test/support/single-rule.js';
import { PROFILES } from '../world/profiles.js';
import { WORLD_DEFAULTS, type WorldSettings } from '../world/settings.js';
import { FRAUD_DIALS, fraudSettings, SCENARIO_NAMES } from './scenario-names.js';

// Simulating a million events takes its time on a busy machine.
jest.setTimeout(300_000);

/**
 * The anti-triviality gate: what one column, or one column with one threshold, can reach. A model over the same columns reaches twice as much;
 * naive fraudsters are found by one column well above these.
 */
const MOST_OVERALL_F1 = 0.35;
const MOST_SCENARIO_F1 = 0.4;

function orders(difficulty: number, days: number): OrderRow[] {
  const settings: WorldSettings = {
    ...WORLD_DEFAULTS,
    seed: 'gate',
    start: Date.UTC(2026, 0, 5),
    curves: true,
    profile: PROFILES.b2c,
    lifecycleSpeed: 1,
    rates: { clickstream: 0.25, orders: 0.1 },
    fraud: fraudSettings({ ...FRAUD_DIALS, difficulty }),
  };
  return ordersOf(settings, days);
}

/** What breaks the gate, one line each. */
function breaches(rows: readonly OrderRow[]): string[] {
  const rules = new SingleRules(rows);
  const overall = rules.best();
  const found = overall.f1 > MOST_OVERALL_F1 ? [`all fraud: F1 ${overall.f1.toFixed(3)} by ${overall.rule}`] : [];
  for (const name of SCENARIO_NAMES) {
    const { f1, rule } = rules.best(name);
    if (f1 > MOST_SCENARIO_F1) found.push(`${name}: F1 ${f1.toFixed(3)} by ${rule}`);
  }
  return found;
}

describe('the anti-triviality gate', () => {
  it('lets no single column and no single threshold find the fraud of a month', () => {
    const rows = orders(FRAUD_DIALS.difficulty, 30);
    const fraud = rows.filter((row) => row.scenario !== null);
    expect(Math.abs(fraud.length / rows.length - FRAUD_DIALS.prevalence)).toBeLessThan(0.0025);
    for (const name of SCENARIO_NAMES) expect([name, fraud.filter((row) => row.scenario === name).length > 15]).toEqual([name, true]);
    expect(breaches(rows)).toEqual([]);
  });

  it('turns red where fraudsters are naive', () => {
    const found = breaches(orders(0, 20));
    expect(found.some((breach) => breach.startsWith('all fraud'))).toBe(true);
    expect(found.length).toBeGreaterThan(2);
  });
});
