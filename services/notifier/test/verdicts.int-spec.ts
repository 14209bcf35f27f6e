import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fraudLabelEvent, inLane, type AlertEvent } from '@millrace/contracts';
import { startService, type RunningService } from '@millrace/service-kit';
import { until } from '@millrace/testing';
import { alertsCommand } from '../src/commands/alerts.command.js';
import { notifier } from '../src/notifier.definition.js';
import { isDispatching } from './dispatching.js';
import { NotifierRig } from './notifier-rig.js';

jest.setTimeout(120_000);

interface Judged {
  readonly label: { readonly topic: string; readonly partition: number; readonly offset: number } | null;
  readonly detail?: string;
}

describe('verdicts', () => {
  let rig: NotifierRig;
  let service: RunningService;

  beforeEach(async () => {
    rig = await NotifierRig.open();
    service = await startService(notifier, { ...rig.env, MILLRACE_LOG_LEVEL: 'fatal' });
    await until('it dispatches', () => isDispatching(service));
  });
  afterEach(async () => {
    await service.stop();
    await rig.close();
  });

  const judge = async (fingerprint: string, body: unknown): Promise<{ status: number; answer: Judged }> => {
    const response = await fetch(`${service.url}/alerts/${fingerprint}/verdict`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    return { status: response.status, answer: (await response.json()) as Judged };
  };
  const alertOf = (fingerprint: string, labels: Readonly<Record<string, string>>, change: Partial<AlertEvent> = {}): AlertEvent =>
    rig.alert({ fingerprint, rule: 'fraud-likely', labels: { rule: 'fraud-likely', severity: 'critical', lane: rig.test.lane, ...labels }, ...change });
  const told = async (...alerts: readonly AlertEvent[]): Promise<readonly { startsAt: string; fingerprint: string; millrace: { answerUrl: string } }[]> => {
    const before = rig.http.posts.length;
    await rig.publish(...alerts);
    await until('they are told', () => rig.http.posts.length - before === alerts.length);
    return rig.http.posts.slice(before).flatMap(({ body }) => (JSON.parse(body) as { alerts: { startsAt: string; fingerprint: string; millrace: { answerUrl: string } }[] }).alerts);
  };
  const tokenOf = (link: string): string => new URL(link).searchParams.get('token') ?? '';
  const actionsOf = async (fingerprint: string): Promise<unknown[]> => ((await (await fetch(`${service.url}/alerts/${fingerprint}/actions`)).json()) as { actions: unknown[] }).actions;
  const labels = async (): Promise<number> => (await rig.test.kafka.readTopic(inLane(rig.test.lane, fraudLabelEvent.topic))).length;

  it('whoever has the link of a message says once that the alert was right, and the order has a label; another word is another label; unsure is none', async () => {
    const [alert] = await told(alertOf('00000000000000a1', { order: 'o-1', category: 'fraud' }));
    const { startsAt = '', millrace } = alert ?? {};
    const token = tokenOf(millrace?.answerUrl ?? '');
    const answers = await Promise.all([1, 2].map(() => judge('00000000000000a1', { token, startsAt, verdict: 'true' })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const events = await Promise.all(answers.map(({ answer: { label } }) => rig.test.kafka.readEvent(fraudLabelEvent, { partition: label?.partition ?? -1, offset: label?.offset ?? -1 })));
    expect(events[0]?.event).toMatchObject({ eventType: 'ALERT_OUTCOME', orderId: 'o-1', fraud: true, decidedBy: 'ops, by a link' });
    expect(events[1]?.event.eventId).toBe(events[0]?.event.eventId);
    const other = await judge('00000000000000a1', { token, startsAt, verdict: 'false', comment: 'a gift' });
    const { event } = (await rig.test.kafka.readEvent(fraudLabelEvent, { partition: other.answer.label?.partition ?? -1, offset: other.answer.label?.offset ?? -1 })) ?? {};
    expect(event).toMatchObject({ orderId: 'o-1', fraud: false });
    expect(event?.eventId).not.toBe(events[0]?.event.eventId);
    const before = await labels();
    expect(await judge('00000000000000a1', { token, startsAt, verdict: 'unsure' })).toMatchObject({ status: 200, answer: { label: null } });
    expect(await labels()).toBe(before);
    expect(await actionsOf('00000000000000a1')).toMatchObject([
      { action: 'judged', verdict: 'unsure', author: 'ops, by a link' }, { action: 'judged', verdict: 'false', comment: 'a gift' }, { action: 'judged', verdict: 'true' },
    ]);
  });

  it('a link answers for its own alert only, and also acknowledges; what is no order of a fraud rule has no label', async () => {
    const [one, two] = await told(alertOf('00000000000000b1', { order: 'o-2' }), alertOf('00000000000000b2', { category: 'fraud' }));
    const token = tokenOf(one?.millrace.answerUrl ?? '');
    const { startsAt = '' } = one ?? {};
    const of = (body: Readonly<Record<string, unknown>>, fingerprint = one?.fingerprint ?? ''): Promise<{ status: number; answer: Judged }> => judge(fingerprint, { verdict: 'true', ...body });
    expect((await of({ token, startsAt }, two?.fingerprint)).status).toBe(403);
    expect((await of({ token, startsAt: '2026-01-01T00:00:00Z' })).status).toBe(403);
    expect((await of({ token: `${token}x`, startsAt })).status).toBe(403);
    expect((await of({ token })).status).toBe(400);
    expect((await of({ token, startsAt, by: 'me' })).status).toBe(400);
    expect((await of({ by: 'me', verdict: 'maybe' })).status).toBe(400);
    expect(await of({ token, startsAt })).toMatchObject({ status: 200, answer: { label: null } });
    expect(await of({ by: 'me' }, two?.fingerprint)).toMatchObject({ status: 200, answer: { label: null } });
    expect((await of({ by: 'me' }, 'ffffffffffffffff')).status).toBe(404);
    const response = await fetch(`${service.url}/alerts/${one?.fingerprint ?? ''}/acknowledge`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token, startsAt }) });
    expect(response.status).toBe(200);
    expect(await actionsOf(one?.fingerprint ?? '')).toMatchObject([{ action: 'acknowledged', author: 'ops, by a link' }, { action: 'judged' }]);
    expect(await labels()).toBe(0);
  });

  it('a restarted notifier knows the links of the one before', async () => {
    const [alert] = await told(alertOf('00000000000000c1', { order: 'o-3', category: 'fraud' }));
    await service.stop();
    service = await startService(notifier, { ...rig.env, MILLRACE_LOG_LEVEL: 'fatal' });
    await until('it dispatches', () => isDispatching(service));
    expect((await judge('00000000000000c1', { token: tokenOf(alert?.millrace.answerUrl ?? ''), startsAt: alert?.startsAt, verdict: 'false' })).status).toBe(200);
  });

  it('a rule shows its precision, its share of the noise budget, and a limit that would have spared people', async () => {
    const values = [11, 12, 13, 14, 15, 80];
    const alerts = values.map((value, place) => alertOf(`00000000000000d${String(place)}`, { order: `o-${String(place)}` }, { value, threshold: 10, startsAt: Date.now() - 60_000 }));
    await told(...alerts);
    // What it ends with is not what it fired with.
    await told(...alerts.map((alert) => ({ ...rig.resolved(alert), value: 1, endsAt: alert.startsAt + 30_000 })));
    const lines: string[] = [];
    const write = { out: (line: string) => lines.push(line), error: (line: string) => lines.push(line) };
    const run = (...parameters: readonly string[]): Promise<number> => alertsCommand([...parameters, '--url', service.url], write);
    for (const [place] of values.entries()) expect(await run('verdict', `00000000000000d${String(place)}`, place === 5 ? 'true' : 'false', '--by', 'me')).toBe(0);
    expect(lines.at(-1)).toBe('fraud-likely is judged');
    expect(await run('verdict', '00000000000000d0')).toBe(64);
    expect(await run('verdict', '00000000000000d0', 'perhaps')).toBe(64);
    expect(await run('rules', '--json')).toBe(0);
    const { budget, rules } = JSON.parse(lines.at(-1) ?? '') as { budget: { used: number }; rules: unknown[] };
    expect(rules).toMatchObject([{
      rule: 'fraud-likely', outages: 6, told: 6, messages: 12, verdicts: { true: 1, false: 5, unsure: 0 }, precision: 1 / 6, noisePerWeek: 2.5, share: 0.25,
      proposals: [{ kind: 'threshold', text: expect.stringContaining('A limit of 50 would have spared all 5 wrong ones') }],
    }]);
    expect(budget.used).toBe(2.5);
    expect(await run('rules')).toBe(0);
    expect(lines.slice(-3)[1]).toMatch(/^fraud-likely +6 +6 +1 +5 +0 +17 % +2.5 +25 %$/);
    expect(await run('rules', '--days', '0')).toBe(64);
  });
});
