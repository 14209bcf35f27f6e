import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startService, type RunningService } from '@millrace/service-kit';
import { until } from '@millrace/testing';
import { notifier } from '../src/notifier.definition.js';
import { verified } from './http-receiver.js';
import { isDispatching } from './dispatching.js';
import { NotifierRig, SECRET } from './notifier-rig.js';
import { amtool, startPrometheus, type Ran } from './prometheus-tools.js';

jest.setTimeout(120_000);

const MINUTE = 60_000;

describe("Alertmanager's API", () => {
  let rig: NotifierRig;
  let service: RunningService;
  const inhibiting = 'inhibit_rules: [{ source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [alertname] }]\n';

  beforeEach(async () => {
    rig = await NotifierRig.open();
    await rig.writeConfig(rig.webhook('ops') + rig.webhook('team'), { routes: '{ receiver: team, matchers: [team=shop] }, { receiver: ops }', more: inhibiting });
    service = await startService(notifier, { ...rig.env, MILLRACE_LOG_LEVEL: 'fatal' });
    await until('it dispatches', () => isDispatching(service));
  });
  afterEach(async () => {
    await service.stop();
    await rig.close();
  });

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller says what it expects to be answered
  const call = async <T>(method: string, path: string, body?: unknown): Promise<{ status: number; answer: T }> => {
    const response = await fetch(service.url + path, { method, ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, answer: (text === '' ? null : JSON.parse(text)) as T };
  };
  interface Shown { readonly fingerprint: string; readonly labels: Record<string, string>; readonly receivers: { name: string }[]; readonly status: { state: string; silencedBy: string[]; inhibitedBy: string[] } }
  const shown = async (query = ''): Promise<readonly Shown[]> => (await call<Shown[]>('GET', `/api/v2/alerts${query}`)).answer;
  const silence = (matchers: readonly { name: string; value: string; isRegex?: boolean }[], change: Record<string, unknown> = {}): Promise<{ status: number; answer: { silenceID: string } }> =>
    call('POST', '/api/v2/silences', {
      matchers: matchers.map((one) => ({ isRegex: false, isEqual: true, ...one })), startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 10 * MINUTE).toISOString(), createdBy: 'me', comment: 'known', ...change,
    });
  const am = (...parameters: readonly string[]): Promise<Ran> => amtool(service.url, ...parameters);

  it('shows at once what holds an alert back: a silence, then also one that inhibits it, then only that', async () => {
    await call('POST', '/api/v2/alerts', [{ labels: { alertname: 'test1', severity: 'warning' } }]);
    expect(await shown()).toMatchObject([{ fingerprint: '8f14a41207c8456c', receivers: [{ name: 'ops' }], status: { state: 'active', silencedBy: [], inhibitedBy: [] } }]);
    const { answer: { silenceID } } = await silence([{ name: 'severity', value: 'warning' }]);
    expect(await shown()).toMatchObject([{ status: { state: 'suppressed', silencedBy: [silenceID], inhibitedBy: [] } }]);
    await call('POST', '/api/v2/alerts', [{ labels: { alertname: 'test1', severity: 'critical' } }]);
    expect(await shown('?filter=severity%3Dwarning')).toMatchObject([{ status: { state: 'suppressed', silencedBy: [silenceID], inhibitedBy: ['4d68350aea315959'] } }]);
    expect((await call('DELETE', `/api/v2/silence/${silenceID}`)).status).toBe(200);
    expect(await shown('?filter=severity%3Dwarning')).toMatchObject([{ status: { state: 'suppressed', silencedBy: [], inhibitedBy: ['4d68350aea315959'] } }]);
    expect(await shown('?inhibited=false')).toMatchObject([{ fingerprint: '4d68350aea315959' }]);
    expect(await shown('?active=false')).toMatchObject([{ fingerprint: '8f14a41207c8456c' }]);
    expect((await call('DELETE', `/api/v2/silence/${silenceID}`)).status).toBe(400);
  });

  it('filters by matchers and receiver, and shows groups as they are told', async () => {
    await call('POST', '/api/v2/alerts', [
      { labels: { alertname: 'test', severity: 'warning' } }, { labels: { alertname: 'test', severity: 'critical', team: 'shop' } }, { labels: { alertname: 'Σ', 'foo🙂': 'bar' } },
    ]);
    expect(await shown('?filter=alertname%3Dtest&filter=severity%3Dwarning')).toHaveLength(1);
    expect(await shown(`?filter=${encodeURIComponent('{foo🙂="bar"}')}`)).toMatchObject([{ fingerprint: expect.any(String), labels: { 'foo🙂': 'bar' } }]);
    expect(await shown('?receiver=te.m')).toMatchObject([{ labels: { team: 'shop' } }]);
    expect(await shown('?receiver=te')).toEqual([]);
    const { answer: groups } = await call<{ receiver: { name: string }; labels: Record<string, string>; alerts: Shown[] }[]>('GET', '/api/v2/alerts/groups');
    expect(groups.map(({ receiver, alerts }) => `${receiver.name} ${String(alerts.length)}`)).toEqual(['ops 1', 'ops 1', 'team 1']);
    for (const wrong of ['?filter=%7Balertname%3D~%22(%22%7D', '?active=perhaps', '?receiver=(']) expect((await call('GET', `/api/v2/alerts${wrong}`)).status).toBe(400);
  });

  it('takes the good alerts of a list with bad ones, and says which were bad', async () => {
    const { status, answer } = await call<string>('POST', '/api/v2/alerts', [
      { labels: { alertname: 'good' } }, { labels: {} }, { labels: { alertname: 'late' }, startsAt: '2026-01-02T00:00:00Z', endsAt: '2026-01-01T00:00:00Z' }, { labels: { alertname: '\u0000' } }, 7, { labels: { alertname: '\ud800' } },
    ]);
    expect(status).toBe(400);
    expect(answer).toMatch(/^1: at least one label is needed; 2: the start must not be after the end; 3\.labels\.alertname: must not have a NUL in it; 4: .*5\.labels\.alertname: is no Unicode/);
    expect((await shown()).map(({ labels }) => labels['alertname'])).toEqual(['good']);
    expect((await call('POST', '/api/v2/alerts', { labels: {} })).status).toBe(400);
  });

  it('refuses silences that would silence all, end before they begin, have ended, or cannot be read', async () => {
    const refused = async (...parameters: Parameters<typeof silence>): Promise<string> => {
      const { status, answer } = await silence(...parameters);
      expect(status).toBe(400);
      return JSON.stringify(answer);
    };
    expect(await refused([{ name: 'a', value: '.*', isRegex: true }])).toMatch(/must not match the empty string/);
    expect(await refused([{ name: 'a', value: '(', isRegex: true }])).toMatch(/is no expression of RE2/);
    expect(await refused([{ name: 'a', value: 'b' }], { endsAt: new Date(Date.now() - MINUTE).toISOString(), startsAt: new Date(Date.now() - 2 * MINUTE).toISOString() })).toMatch(/in the past/);
    expect(await refused([{ name: 'a', value: 'b' }], { endsAt: new Date(Date.now() - 3 * MINUTE).toISOString() })).toMatch(/before end time/);
    expect(await refused([])).toMatch(/at least one matcher/);
    expect((await silence([{ name: 'a', value: 'b' }], { id: '8b7b3a3e-0000-4000-8000-000000000000' })).status).toBe(404);
    expect((await call('GET', '/api/v2/silence/nothing')).status).toBe(404);
    expect((await call('GET', '/api/v2/silences')).answer).toEqual([]);
  });

  it('changes a silence in its place, or ends it and begins another where that would rewrite the past', async () => {
    const { answer: { silenceID: first } } = await silence([{ name: 'a', value: 'b' }]);
    const { answer: held } = await call<{ startsAt: string; matchers: unknown }>('GET', `/api/v2/silence/${first}`);
    const later = new Date(Date.now() + 60 * MINUTE).toISOString();
    expect((await silence([{ name: 'a', value: 'b' }], { id: first, startsAt: held.startsAt, endsAt: later, comment: 'longer' })).answer.silenceID).toBe(first);
    expect((await call('GET', `/api/v2/silence/${first}`)).answer).toMatchObject({ endsAt: later, comment: 'longer', createdBy: 'me', status: { state: 'active' } });
    const { answer: { silenceID: second } } = await silence([{ name: 'a', value: 'c' }], { id: first });
    expect(second).not.toBe(first);
    expect((await call<{ id: string; status: { state: string } }[]>('GET', '/api/v2/silences')).answer.map(({ id, status }) => `${id} ${status.state}`)).toEqual([`${second} active`, `${first} expired`]);
    expect((await call('GET', '/api/v2/silences?filter=a%3Dc')).answer).toHaveLength(1);
  });

  it('a real Prometheus sends its alerts, and its summary and link arrive; what it no longer sends ends', async () => {
    const prometheus = await startPrometheus(rig.folder, service.url);
    try {
      await until('it is told', () => rig.http.at('/ops').length === 1);
      const body = verified(rig.http.posts[0]!, SECRET);
      expect(body).toMatchObject({ status: 'firing', alerts: [{ labels: { alertname: 'Always', severity: 'warning' }, annotations: { summary: 'It is 1' }, generatorURL: expect.stringContaining('/graph?g0.expr=') }] });
      await until('it was sent again', async () => Number(/millrace_notifier_alerts_total\{[^}]*result="new"[^}]*\} (\d+)$/m.exec(await (await fetch(`${service.url}/metrics`)).text())?.[1] ?? 0) >= 4);
      // Reminders are no history, and no second page.
      expect(await rig.postgres.query('select id from alert_events where lane = $1 and taken_at is not null', [rig.test.lane])).toHaveLength(1);
      expect(rig.http.posts).toHaveLength(1);
      await writeFile(join(rig.folder, 'prom-rules.yml'), 'groups: []\n');
    } finally {
      await prometheus.stop();
    }
    // It says with each sending how long that holds: four of its intervals.
    const [alert] = (await call<{ endsAt: string }[]>('GET', '/api/v2/alerts')).answer;
    expect(Date.parse(alert?.endsAt ?? '')).toBeGreaterThan(Date.now());
    await until('its end is told', () => rig.http.at('/ops').length === 2);
    expect(verified(rig.http.posts[1]!, SECRET)).toMatchObject({ status: 'resolved', alerts: [{ endsAt: alert?.endsAt.replace(/\.\d+/, (part) => part.slice(0, 4).padEnd(4, '0')) }] });
  });

  it('the real amtool adds and lists alerts', async () => {
    const start = new Date(Date.now() - MINUTE).toISOString();
    expect(await am('alert', 'add', 'test1', 'severity=warning', '--annotation=summary=known', `--start=${start}`)).toMatchObject({ code: 0 });
    await am('alert', 'add', 'test2', 'severity=critical');
    await am('alert', 'add', 'alertname=test3', 'team=shop');
    const { out } = await am('alert', 'query');
    expect(out.trim().split('\n').slice(1).map((line) => line.split(/\s+/)[0]).sort()).toEqual(['test1', 'test2', 'test3']);
    expect((await am('alert', 'query', 'test1')).out).toMatch(/known/);
    expect((await am('alert', 'query', 'alertname=test2', '-o', 'json')).out).toContain('"critical"');
    expect((await am('alert', 'query', 'alertname=~"test[13]"', '-o', 'simple')).out.trim().split('\n')).toHaveLength(3);
    await until('all are told', () => rig.http.posts.length === 3);
    const [first] = rig.http.posts.map((post) => verified(post, SECRET)).filter(({ alerts: [alert] }) => alert?.labels['alertname'] === 'test1');
    expect(first?.alerts[0]?.startsAt).toBe(start);
  });

  it('the real amtool silences, lists, changes, exports, imports and expires', async () => {
    const add = (...matchers: readonly string[]): Promise<Ran> => am('silence', 'add', ...matchers, '--author=me', '--comment=deploying', '--duration=1h');
    const id = (await add('alertname=test1')).out.trim();
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    await add('alertname=~"test[23]"');
    await add('alertname!=test4', 'team=shop');
    const listed = (await am('silence', 'query', '-q')).out.trim().split('\n');
    expect(listed).toHaveLength(3);
    expect((await am('silence', 'query', 'alertname=test1')).out).toMatch(/deploying/);
    expect(await am('silence', 'update', id, '--duration=2h', '--comment=longer')).toMatchObject({ code: 0 });
    expect((await am('silence', 'query', 'alertname=test1')).out).toMatch(/longer/);
    const exported = (await am('silence', 'query', '-o', 'json')).out;
    expect(await am('silence', 'expire', ...(await am('silence', 'query', '-q')).out.trim().split('\n'))).toMatchObject({ code: 0 });
    expect((await am('silence', 'query', '-q')).out.trim()).toBe('');
    await writeFile(join(rig.folder, 'silences.json'), exported);
    expect(await am('silence', 'import', '--force', join(rig.folder, 'silences.json'))).toMatchObject({ code: 0 });
    expect((await am('silence', 'query', '-q')).out.trim().split('\n')).toHaveLength(3);
    await writeFile(join(rig.folder, 'silences.json'), '[{"matchers": []');
    expect((await am('silence', 'import', join(rig.folder, 'silences.json'))).code).not.toBe(0);
    const zero = { matchers: [{ name: 'a', value: 'b', isRegex: false, isEqual: true }], startsAt: '0001-01-01T00:00:00.000Z', endsAt: '0001-01-01T00:00:00.000Z', createdBy: 'me', comment: 'x' };
    await writeFile(join(rig.folder, 'silences.json'), JSON.stringify([zero]));
    expect((await am('silence', 'import', join(rig.folder, 'silences.json'))).error).toMatch(/Error adding silence .*start time must be before end time/);
  });

  it('the real amtool reads the configuration and tests routes, and nothing secret is in it', async () => {
    const config = (await am('config', 'show')).out;
    expect(config).not.toMatch(/millrace|\/ops|whsec/);
    expect((await am('config', 'routes', 'show')).out).toMatch(/team="shop"/);
    expect((await am('config', 'routes', 'test', 'team=shop', '--verify.receivers=team')).code).toBe(0);
    expect((await am('config', 'routes', 'test', 'team=web', '--verify.receivers=team')).code).toBe(1);
    expect((await am('check-config', rig.configFile)).code).not.toBe(0);
  });

  it('takes a changed configuration without a restart, keeps the one before where it has errors, and forgets nobody', async () => {
    await call('POST', '/api/v2/alerts', [{ labels: { alertname: 'test', team: 'web' } }]);
    await until('it is told', () => rig.http.at('/ops').length === 1);
    await rig.writeConfig(rig.webhook('web'), { routes: '{ receiver: nowhere }' });
    const refused = await call<{ detail: string }>('POST', '/-/reload');
    expect(refused).toMatchObject({ status: 400, answer: { detail: expect.stringMatching(/alertmanager\.yml:1: route\.routes\.0\.receiver: there is no receiver "nowhere"/) } });
    expect(await (await fetch(`${service.url}/metrics`)).text()).toMatch(/millrace_notifier_config_in_force\{[^}]*\} 0$/m);
    expect((await call<{ name: string }[]>('GET', '/api/v2/receivers')).answer.map(({ name }) => name)).toEqual(['nobody', 'ops', 'team']);
    await rig.writeConfig(rig.webhook('web') + rig.webhook('ops'));
    expect((await call('POST', '/-/reload')).status).toBe(200);
    await until('the new receiver is told', () => rig.http.at('/web').length === 1);
    await call('POST', '/api/v2/alerts', [{ labels: { alertname: 'other' } }]);
    await until('both are told', () => rig.http.at('/ops').length === 2 && rig.http.at('/web').length === 2);
  });
});
