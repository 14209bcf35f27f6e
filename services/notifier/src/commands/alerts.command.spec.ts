import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { alertsCommand } from './alerts.command.js';

const CONFIG = `
route:
  receiver: default
  group_by: [alertname]
  routes: [{receiver: shop, matchers: ['team=~"shop|web"'], mute_time_intervals: [nights]}]
receivers: [{name: default}, {name: shop, slack_configs: [{api_url_file: /run/secrets/slack}]}]
time_intervals: [{name: nights, time_intervals: [{times: [{start_time: '20:00', end_time: '24:00'}]}]}]
`;

describe('millrace alerts', () => {
  let folder: string;
  let config: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'alerts-'));
    config = join(folder, 'alertmanager.yml');
    writeFileSync(config, CONFIG);
  });
  afterAll(() => { rmSync(folder, { recursive: true }); });

  async function run(...parameters: readonly string[]): Promise<{ code: number; out: string; error: string }> {
    const lines: { out: string[]; error: string[] } = { out: [], error: [] };
    const code = await alertsCommand(parameters, { out: (line) => lines.out.push(line), error: (line) => lines.error.push(line) });
    return { code, out: lines.out.join('\n'), error: lines.error.join('\n') };
  }

  it('says who would be told, in which group, and what keeps them silent', async () => {
    const { code, out } = await run('route', '--config', config, '--labels', 'team=shop', 'alertname=Lag', '--at', '2026-11-21T22:00:00Z', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      notifies: [{ receiver: 'shop', integrations: ['slack'], groupKey: '{}/{team=~"shop|web"}:{alertname="Lag"}', groupWait: '30s', mutedBy: ['nights'] }],
      routes: [{ depth: 0, outcome: 'passed' }, { depth: 1, outcome: 'taken', missing: null }],
    });
  });

  it('says of a route that does not take the alert what is missing', async () => {
    expect((await run('route', '--config', config, '--labels', 'team=ops')).out).toContain('no: not team=~"shop|web"');
  });

  it('ends with 1 where other receivers are told than was said', async () => {
    expect((await run('route', '--config', config, '--labels', 'team=web', '--verify', 'shop')).code).toBe(0);
    expect(await run('route', '--config', config, '--labels', 'team=ops', '--verify', 'shop')).toMatchObject({ code: 1, error: 'expected shop, got default' });
  });

  it('ends with 1 where a test fails, and says how', async () => {
    const file = join(folder, 'tests.yaml');
    writeFileSync(file, 'config_file: alertmanager.yml\ntests: [{name: t, steps: [{at: 0, alerts: [{labels: {team: shop}}]}], expect: {shop: [{within: [1, 2], alerts: [{labels: {team: shop}}]}]}}]');
    expect(await run('test', file)).toMatchObject({ code: 1, out: `${file}: t: failed\n  shop: came at 30 s, expected between 1 s and 2 s\n0 passed, 1 failed` });
  });

  it.each([
    [['check', '/nowhere'], 65, /^\/nowhere: cannot be read/],
    [['check'], 64, /one file is to be checked/],
    [['route', '--labels', 'a=b'], 64, /--config says which/],
    [['route', '--config', 'CONFIG', '--labels', 'a=~b'], 64, /an alert has labels/],
    [['route', '--config', 'CONFIG', '--labels', 'nonsense'], 64, /was expected at place/],
    [['route', '--config', 'CONFIG', '--at', 'noon'], 64, /--at noon is no time/],
    [['route', '--bogus'], 64, /Unknown option/],
    [['dance'], 64, /dance is none of check, route, test, redeliver, acknowledge/],
    [['redeliver', '--from', '2026-11-21T00:00:00Z', '--url', 'http://127.0.0.1:1'], 69, /does not answer at http:\/\/127\.0\.0\.1:1/],
    [[], 64, /^Usage/],
  ] as const)('%j ends with %i and says what is wrong', async (parameters, code, reason) => {
    const result = await run(...parameters.map((parameter) => (parameter === 'CONFIG' ? config : parameter)));
    expect(result.code).toBe(code);
    expect(result.error).toMatch(reason);
  });

  it('helps', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, error: '' });
    expect((await run('route', '--help')).out).toMatch(/^Usage/);
  });
});
