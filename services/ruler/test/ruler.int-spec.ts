import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startService, type RunningService } from '@millrace/service-kit';
import { ServiceProcess, until } from '@millrace/testing';
import { ruler } from '../src/ruler.definition.js';
import { MINUTE, NOON, RulerRig } from './ruler-rig.js';

jest.setTimeout(120_000);

const HIGH = '  - { name: high, kind: threshold, metric: orders, window: 1m, is: ">", value: 100, severity: critical, annotations: { summary: "{{ value }} orders" } }\n';
const DEAD = '  - { name: dead, kind: absence, metric: orders, window: 1m, for: 3s, severity: critical, runbook: "https://wiki.example/{{ labels.rule }}" }\n';
const VERY_HIGH = '  - { name: very-high, kind: threshold, metric: orders, window: 1m, is: ">", value: 500 }\n';

/** F1: the alerts heard are exactly these, each once. What is wrong, a line each. */
function wrongStory({ story, alerts }: RulerRig, expected: readonly string[]): string[] {
  const ids = new Set(alerts.map(({ eventId }) => eventId));
  return [
    ...(story.join(', ') === expected.join(', ') ? [] : [`heard ${story.join(', ')}, not ${expected.join(', ')}`]),
    ...(ids.size === alerts.length ? [] : ['an id was heard twice']),
  ];
}

describe('ruler', () => {
  let rig: RulerRig;
  const services: RunningService[] = [];
  const processes: ServiceProcess[] = [];
  const start = async (env: Readonly<Record<string, string>> = {}): Promise<RunningService> => {
    const service = await startService(ruler, { ...rig.env, ...env, MILLRACE_LOG_LEVEL: 'fatal' });
    services.push(service);
    return service;
  };
  const spawn = async (env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> => {
    const service = await ServiceProcess.start('ruler', { ...rig.env, ...env });
    processes.push(service);
    return service;
  };
  const get = async <T>(service: { readonly url: string }, path: string): Promise<T> => (await (await fetch(service.url + path)).json()) as T;
  const metric = async (service: RunningService, name: string): Promise<string[]> =>
    (await (await fetch(`${service.url}/metrics`)).text()).split('\n').filter((line) => line.startsWith(`millrace_ruler_${name}`));

  beforeEach(async () => {
    rig = await RulerRig.open(HIGH);
  });
  afterEach(async () => {
    for (const service of services.splice(0)) await service.stop();
    for (const service of processes.splice(0)) await service.end();
    await rig.close();
  });

  it('announces each state change once, with the windows it rests on and their offsets', async () => {
    const service = await start();
    await rig.publish({ 0: 50, 1: 150, 2: 160 });
    await until('the alert fires', () => rig.story.length === 1);
    const { alerts } = await get<{ alerts: unknown[] }>(service, '/alerts');
    expect(alerts).toEqual([rig.alerts[0]]);
    await rig.publish({ 1: 150, 2: 160, 3: 90 });
    await until('the alert is resolved', () => rig.story.length === 2);
    expect(rig.story).toEqual(['FIRING 2-', 'RESOLVED 2-4']);
    expect(rig.alerts[0]).toMatchObject({
      severity: 'critical',
      labels: { rule: 'high', severity: 'critical', lane: rig.test.lane },
      annotations: { summary: '150 orders' },
      value: 150,
      threshold: 100,
      evidence: [{ metricKey: 'orders{}', value: 150, revision: 1, sourceOffsets: [{ topic: `${rig.test.lane}.shop.orders.v1`, partition: 1, firstOffset: 10, lastOffset: 19 }] }],
    });
    expect(await get(service, '/alerts')).toEqual({ alerts: [] });
    expect(await get(service, '/rules')).toMatchObject({ problems: [], rules: [{ name: 'high', decide: 'early', match: {}, when: null }] });
    expect((await fetch(`${service.url}/alerts?status=sideways`)).status).toBe(400);
  });

  it('reads everything again and announces nothing twice', async () => {
    await rig.publish({ 0: 150, 1: 90, 2: 170 });
    await (await spawn()).end();
    await rig.publish({ 3: 90 });
    await spawn();
    await until('all four changes', () => rig.story.length === 4);
    await processes.at(-1)?.end();
    const admin = await rig.test.kafka.admin();
    await admin.deleteGroups([`${rig.test.lane}.ruler`]);
    await admin.close();
    await spawn();
    await rig.publish({ 4: 180 });
    await until('the change after the second reading', () => rig.story.length >= 5);
    expect(rig.story).toEqual(['FIRING 1-', 'RESOLVED 1-2', 'FIRING 3-', 'RESOLVED 3-4', 'FIRING 5-']);
  });

  const killedBetween = async (meanwhile: () => Promise<unknown> = () => Promise.resolve()): Promise<readonly string[]> => {
    // Holds the lock that whoever publishes must have.
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => { release = resolve; });
    const holder = rig.postgres.transaction(async (session) => {
      await session.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`ruler-outbox:${rig.test.lane}`]);
      await held;
    });
    const first = await spawn();
    await rig.publish({ 0: 150, 1: 90 });
    const waiting = (): Promise<{ n: number }[]> => rig.postgres.query('select count(*) as n from ruler_outbox where lane = $1', [rig.test.lane]);
    await until('both decisions are stored', async () => (await waiting())[0]?.n === 2);
    await first.end('SIGKILL');
    expect(rig.story).toEqual([]);
    await meanwhile();
    release();
    await holder;
    await spawn();
    await rig.publish({ 2: 150 });
    await until('the change after the restart', () => rig.story.includes('FIRING 3-'));
    await until('nothing waits any more', async () => (await waiting())[0]?.n === 0);
    return wrongStory(rig, ['FIRING 1-', 'RESOLVED 1-2', 'FIRING 3-']);
  };

  it('F1: loses nothing and repeats nothing when killed between decision and publication', async () => {
    expect(await killedBetween()).toEqual([]);
  });

  it('F1: the check goes red for a ruler that forgets a decision before it is published', async () => {
    const forget = (): Promise<unknown> => rig.postgres.query('delete from ruler_outbox where lane = $1', [rig.test.lane]);
    expect(await killedBetween(forget)).toEqual(['heard FIRING 3-, not FIRING 1-, RESOLVED 1-2, FIRING 3-']);
  });

  it('keeps the rules when the file turns bad and says so, takes a good one over, and ends the alerts of a rule that is gone', async () => {
    const service = await start();
    await rig.publish({ 0: 150 });
    await until('the alert fires', () => rig.story.length === 1);
    await rig.writeRules(HIGH.replace('orders,', 'ordres,'));
    const ready = (): Promise<{ failures: Record<string, string> }> => get(service, '/health/ready');
    const failure = await until('the bad file is noticed', async () => (await ready()).failures['rules']);
    expect(failure).toContain(`${rig.rulesFile}:3: rule "high": metric: "ordres" is no metric`);
    expect(await metric(service, 'rules_file_valid')).toEqual([expect.stringMatching(/ 0$/)]);
    expect(await get(service, '/rules')).toMatchObject({ rules: [{ name: 'high' }], problems: [expect.stringContaining('ordres')] });

    await rig.writeRules(VERY_HIGH);
    await until('the alert of the rule that is gone ends', () => rig.story.length === 2);
    expect(rig.story).toEqual(['FIRING 1-', 'RESOLVED 1-1']);
    await until('the file is in force', async () => (await ready()).failures['rules'] === undefined);
    expect(await get(service, '/rules')).toMatchObject({ rules: [{ name: 'very-high' }], problems: [] });
    await rig.publish({ 1: 150, 2: 600 });
    await until('the new rule decides', () => rig.story.length === 3);
    expect(rig.story[2]).toBe('FIRING 3-');
  });

  it('says once that nothing comes any more, though no window tells, and resolves it when events return after a restart', async () => {
    await rig.writeRules(DEAD);
    const live = { MILLRACE_RULER_CLOCK_LANES: `live, ${rig.test.lane}` };
    const first = await spawn(live);
    await rig.publish({ 0: 50 });
    await until('the absence is announced', () => rig.story.length === 1);
    expect(rig.alerts[0]).toMatchObject({ status: 'FIRING', value: 0, startsAt: NOON + MINUTE + 3_000, annotations: { runbook_url: 'https://wiki.example/dead' } });
    await first.end('SIGKILL');
    await spawn(live);
    await rig.publish({ 1: 60 });
    await until('the events that are back resolve it', () => rig.story.length >= 2);
    await until('their end is announced, too', () => rig.story.length >= 3);
    expect(rig.story).toEqual(['FIRING 1.05-', 'RESOLVED 1.05-2', 'FIRING 2.05-']);
  });

  it('a lane that replays the past has no clock: there only event time says that something is absent', async () => {
    await rig.writeRules(DEAD + HIGH);
    const service = await start();
    const live = await RulerRig.open(DEAD);
    try {
      services.push(await startService(ruler, { ...live.env, MILLRACE_RULER_CLOCK_LANES: live.test.lane, MILLRACE_LOG_LEVEL: 'fatal' }));
      await rig.publish({ 0: 50 });
      await live.publish({ 0: 50 });
      await until('the absence is announced where the clock counts', () => live.story.length === 1);
      await live.publish({ 1: 50 });
      // Both look at the clock equally often: since the first time, this one has, too.
      await until('it is announced there once more', () => live.story.length === 3);
      expect(await get(service, '/alerts?status=all')).toEqual({ alerts: [] });
      await rig.publish({ 5: 50 });
      await until('event time has passed the silence', () => rig.alerts.filter(({ rule }) => rule === 'dead').length === 2);
      expect(rig.story).toEqual(['FIRING 1.05-', 'RESOLVED 1.05-6']);
    } finally {
      for (const running of services.splice(0)) await running.stop();
      await live.close();
    }
  });

  it('check says whether a file can be used', async () => {
    const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
    const check = (file: string): { status: number | null; stdout: string; stderr: string } => spawnSync(process.execPath, [main, 'check', file], { encoding: 'utf8' });
    expect(check(rig.rulesFile)).toMatchObject({ status: 0, stdout: `${rig.rulesFile}: 1 rules, all good\n` });
    expect(check(fileURLToPath(new URL('../../../deploy/rules/default.yaml', import.meta.url)))).toMatchObject({ status: 0, stderr: '' });
    await rig.writeRules('  - { name: x, kind: spike }');
    const bad = check(rig.rulesFile);
    expect(bad.status).toBe(65);
    expect(bad.stderr).toMatch(/rules\.yaml:3: rule "x": metric: /);
    expect(check('/nowhere.yaml').stderr).toMatch(/^\/nowhere\.yaml: cannot be read/);
  });
});
