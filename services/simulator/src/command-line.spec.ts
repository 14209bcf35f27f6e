import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '@millrace/service-kit';
import { helpText, parseCommandLine, UsageError } from './command-line.js';
import { dryRun } from './dry-run.js';
import { WORLD_DEFAULTS } from './world/settings.js';
import { faultSettingsOf, runPlanOf, simulatorSettings, worldSettingsOf } from './simulator.config.js';

const NOW = Date.UTC(2026, 6, 1);

describe('parseCommandLine', () => {
  it('turns flags into settings', () => {
    const { env, help, dryRun: dry } = parseCommandLine(['--from', '2026-01-01', '--until=2026-02-01T00:00:00Z', '--speed', '3600', '--orders', '5', '--stop']);
    const config = readConfig(simulatorSettings, env);
    expect([help, dry]).toEqual([false, false]);
    expect(runPlanOf(config)).toEqual({ from: Date.UTC(2026, 0, 1), until: Date.UTC(2026, 1, 1), speed: 3600, count: null, stop: true, curvesLive: false });
    expect(worldSettingsOf(config, NOW)).toMatchObject({ start: Date.UTC(2026, 0, 1), curves: true, lifecycleSpeed: 1, rates: { clickstream: 97, orders: 5 } });
    expect(config.exit).toBe(true);
  });

  it('runs live from now by default: 100 events a second, small faults, a day in a minute', () => {
    const config = readConfig(simulatorSettings, {});
    const world = worldSettingsOf(config, NOW);
    expect(world).toMatchObject({ start: NOW, curves: false, lifecycleSpeed: 1440, currency: 'EUR' });
    expect(world.rates.clickstream + world.rates.orders).toBe(100);
    for (const share of Object.values(faultSettingsOf(config).shares)) expect(share).toBeGreaterThan(0);
    expect(runPlanOf(config)).toEqual({ from: null, until: null, speed: Infinity, count: null, stop: false, curvesLive: false });
  });

  it.each([
    [['--form', '2026-01-01'], /^Unknown option '--form'$/],
    [['--speed'], /--speed/],
    [['live'], /'live'/],
    [['--stop'], /--from/],
  ])('refuses %j in one line', (args, message) => {
    expect(() => parseCommandLine(args)).toThrow(UsageError);
    expect(() => parseCommandLine(args)).toThrow(message);
    expect(() => parseCommandLine(args)).not.toThrow(/\n/);
  });

  it.each([
    ['--from', 'yesterday', 'MILLRACE_SIMULATOR_FROM'],
    ['--speed', 'fast', 'MILLRACE_SIMULATOR_SPEED'],
    ['--speed', '0', 'MILLRACE_SIMULATOR_SPEED'],
    ['--count', '0', 'MILLRACE_SIMULATOR_COUNT'],
    ['--orders', '-1', 'MILLRACE_SIMULATOR_ORDERS_RATE'],
  ])('refuses %s %s by name', (flag, value, variable) => {
    const read = (): unknown => readConfig(simulatorSettings, parseCommandLine([`${flag}=${value}`]).env);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(new RegExp(variable));
  });

  it('reads the dials of fraud, of single scenarios and of honest oddities', () => {
    const config = readConfig(simulatorSettings, {
      MILLRACE_SIMULATOR_FRAUD_PREVALENCE: '0.03',
      MILLRACE_SIMULATOR_FRAUD_SCENARIOS: 'card-testing=0.5:0.9:0, bot-checkout=0',
      MILLRACE_SIMULATOR_ODDITIES: 'gift=0.2',
      MILLRACE_SIMULATOR_CHARGEBACK_DAYS: '3',
    });
    const { fraud, oddities, labels } = worldSettingsOf(config, NOW);
    expect(fraud.prevalence).toBe(0.03);
    expect(fraud.scenarios['card-testing']).toEqual({ weight: 0.5, difficulty: 0.9, drift: 0 });
    expect(fraud.scenarios['bot-checkout']).toEqual({ ...WORLD_DEFAULTS.fraud.scenarios['bot-checkout'], weight: 0 });
    expect(fraud.scenarios['fraud-ring']).toEqual(WORLD_DEFAULTS.fraud.scenarios['fraud-ring']);
    expect(oddities).toEqual({ ...WORLD_DEFAULTS.oddities, gift: 0.2 });
    expect(labels).toEqual({ ...WORLD_DEFAULTS.labels, chargebackMedianMs: 3 * 86_400_000 });
    const defaults = worldSettingsOf(readConfig(simulatorSettings, {}), NOW);
    expect([defaults.fraud, defaults.labels, defaults.oddities]).toEqual([WORLD_DEFAULTS.fraud, WORLD_DEFAULTS.labels, WORLD_DEFAULTS.oddities]);
  });

  it.each([
    ['MILLRACE_SIMULATOR_FRAUD_PREVALENCE', '0.9'],
    ['MILLRACE_SIMULATOR_FRAUD_SCENARIOS', 'card-theft=1'],
    ['MILLRACE_SIMULATOR_FRAUD_SCENARIOS', 'card-testing=1:x'],
    ['MILLRACE_SIMULATOR_FRAUD_SCENARIOS', 'card-testing=1:0:0:0'],
    ['MILLRACE_SIMULATOR_ODDITIES', 'gift'],
    ['MILLRACE_SIMULATOR_ODDITIES', 'gift=2'],
  ])('refuses %s=%s by name', (variable, value) => {
    expect(() => readConfig(simulatorSettings, { [variable]: value })).toThrow(new RegExp(variable));
  });

  it('names every flag in its help', () => {
    for (const flag of ['--from', '--until', '--speed', '--count', '--stop', '--dry-run', '--seed', '--lane']) expect(helpText()).toContain(flag);
  });
});

describe('dryRun', () => {
  it('describes the mix and the rates', () => {
    const config = readConfig(simulatorSettings, parseCommandLine(['--count', '30000', '--from', '2026-01-05T12:00:00Z', '--seed', 'dry']).env);
    const text = dryRun(config, NOW);
    expect(text).toMatch(/^seed dry, 2026-01-05T12:00:00\.000Z/);
    expect(text).toMatch(/clickstream PRODUCT_VIEW +\d{5}/);
    expect(text).toMatch(/fault outOfOrder +\d+/);
  });
});
