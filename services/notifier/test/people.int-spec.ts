import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fingerprint } from '@millrace/service-kit/fingerprint';
import { startService, type RunningService } from '@millrace/service-kit';
import { until } from '@millrace/testing';
import { alertsCommand } from '../src/commands/alerts.command.js';
import { notifier } from '../src/notifier.definition.js';
import { isDispatching } from './dispatching.js';
import { NotifierRig, SECRET } from './notifier-rig.js';
import { toldWrong } from './told-once.js';

jest.setTimeout(120_000);

describe('people', () => {
  let rig: NotifierRig;
  const services: RunningService[] = [];
  const start = async (): Promise<RunningService> => {
    const service = await startService(notifier, { ...rig.env, MILLRACE_LOG_LEVEL: 'fatal' });
    services.push(service);
    await until('it dispatches', () => isDispatching(service));
    return service;
  };
  const call = async (service: RunningService, path: string, body?: unknown): Promise<{ status: number; answer: { actions?: unknown[]; errors?: { path: string }[] } }> => {
    const response = await fetch(service.url + path, body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, answer: (text === '' ? {} : JSON.parse(text)) as never };
  };
  const wrong = (path: string, statuses: Readonly<Record<string, readonly string[]>>): readonly string[] => toldWrong(rig.http.at(path), SECRET, new Map(Object.entries(statuses)));

  beforeEach(async () => {
    rig = await NotifierRig.open();
    await rig.writeConfig(rig.webhook('team') + rig.webhook('lead'), {
      route: "group_by: ['...'], group_wait: 0s, group_interval: 200ms, repeat_interval: 1h",
      routes: '{ receiver: team, millrace: { escalate: [{ after: 3s, receiver: lead }] } }',
    });
  });
  afterEach(async () => {
    for (const service of services.splice(0)) await service.stop();
    await rig.close();
  });

  it('what somebody acknowledges does not escalate, also after a restart; what nobody does, does; both ends are told', async () => {
    let service = await start();
    const [taken, left] = [{ alertname: 'taken' }, { alertname: 'left' }];
    const [known, unknown] = [fingerprint(taken), fingerprint(left)];
    const startsAt = new Date().toISOString();
    await call(service, '/api/v2/alerts', [{ labels: taken, startsAt }, { labels: left, startsAt }]);
    expect((await call(service, `/alerts/${known}/acknowledge`, { by: 'me', comment: 'on it', startsAt })).status).toBe(200);
    await until('the team is told of both', () => wrong('/team', { [known]: ['firing'], [unknown]: ['firing'] }).length === 0);
    await service.stop();
    service = await start();
    await until('the other escalates', () => rig.http.at('/lead').length === 1);
    expect(wrong('/lead', { [unknown]: ['firing'] })).toEqual([]);
    const endsAt = new Date().toISOString();
    await call(service, '/api/v2/alerts', [{ labels: taken, startsAt, endsAt }, { labels: left, startsAt, endsAt }]);
    await until('the ends are told', () => wrong('/team', { [known]: ['firing', 'resolved'], [unknown]: ['firing', 'resolved'] }).length === 0 && rig.http.at('/lead').length === 2);
    expect(wrong('/lead', { [unknown]: ['firing', 'resolved'] })).toEqual([]);
    expect((await call(service, `/alerts/${known}/actions`)).answer.actions).toMatchObject([{ action: 'acknowledged', author: 'me', comment: 'on it' }]);
  });

  it('what is acknowledged no more escalates after all', async () => {
    const service = await start();
    const labels = { alertname: 'given back' };
    await call(service, '/api/v2/alerts', [{ labels }]);
    for (const action of ['acknowledge', 'unacknowledge']) expect((await call(service, `/alerts/${fingerprint(labels)}/${action}`, { by: 'me' })).status).toBe(200);
    await until('it escalates', () => rig.http.at('/lead').length === 1);
  });

  it('why nobody was told is on record, once, also over a restart', async () => {
    let service = await start();
    const labels = { alertname: 'quiet' };
    const silence = { matchers: [{ name: 'alertname', value: 'quiet', isRegex: false, isEqual: true }], startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 3_600_000).toISOString(), createdBy: 'me', comment: 'deploying' };
    const { silenceID } = (await call(service, '/api/v2/silences', silence)).answer as { silenceID?: string };
    await call(service, '/api/v2/alerts', [{ labels }]);
    const mutings = (): Promise<unknown[]> => rig.postgres.query('select m.receiver, m.reason, m.muted_by from alert_mutings m join alerts a using (lane, fingerprint, first_starts_at) where a.lane = $1', [rig.test.lane]);
    await until('it is on record', async () => (await mutings()).length > 0);
    await service.stop();
    service = await start();
    await call(service, '/api/v2/alerts', [{ labels: { alertname: 'told' } }]);
    await until('another is told', () => rig.http.at('/team').length === 1);
    expect(await mutings()).toEqual([{ receiver: 'team', reason: 'silence', muted_by: silenceID }]);
  });

  it('the command line acknowledges, comments and snoozes, and says what is wrong', async () => {
    const service = await start();
    const labels = { alertname: 'snoozed', team: 'shop' };
    await call(service, '/api/v2/alerts', [{ labels }]);
    const lines: string[] = [];
    const write = { out: (line: string) => lines.push(line), error: (line: string) => lines.push(line) };
    const run = (...parameters: readonly string[]): Promise<number> => alertsCommand([...parameters, '--url', service.url], write);
    expect(await run('acknowledge', fingerprint(labels), '--by', 'me')).toBe(0);
    expect(lines.at(-1)).toBe('snoozed is acknowledged: it does not escalate, and is not repeated');
    expect(await run('comment', fingerprint(labels), '--by', 'me', '--comment', 'late courier')).toBe(0);
    expect(await run('comment', fingerprint(labels), '--by', 'me')).toBe(64);
    expect(await run('snooze', fingerprint(labels), '--by', 'me')).toBe(64);
    expect(await run('snooze', fingerprint(labels), '--by', 'me', '--for', '90d')).toBe(64);
    expect(await run('snooze', fingerprint(labels), '--by', 'me', '--for', '2h')).toBe(0);
    expect(await run('acknowledge', '0000000000000000', '--by', 'me')).toBe(64);
    expect(lines.at(-1)).toBe('There is no such alert.');
    expect(await run('acknowledge', "x' or 1=1")).toBe(64);
    expect(await run('acknowledge')).toBe(64);
    const silences = (await (await fetch(`${service.url}/api/v2/silences`)).json()) as unknown[];
    expect(silences).toMatchObject([{ createdBy: 'me', comment: 'snoozed', status: { state: 'active' }, matchers: [{ name: 'team', value: 'shop' }, { name: 'alertname', value: 'snoozed' }] }]);
    expect((await call(service, `/alerts/${fingerprint(labels)}/actions`)).answer.actions).toMatchObject([{ action: 'snoozed' }, { action: 'commented', comment: 'late courier' }, { action: 'acknowledged' }]);
    for (const [body, path] of [[{}, 'by'], [{ by: '' }, 'by'], [{ by: 'me', startsAt: 'now' }, 'startsAt'], [{ by: 'me', more: 1 }, 'more']] as const) {
      const { status, answer } = await call(service, `/alerts/${fingerprint(labels)}/acknowledge`, body);
      expect([status, answer.errors?.[0]?.path === path || JSON.stringify(answer).includes(path)]).toEqual([400, true]);
    }
  });
});
