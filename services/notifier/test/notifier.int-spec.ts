import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startService, type RunningService } from '@millrace/service-kit';
import { until } from '@millrace/testing';
import { alertsCommand } from '../src/commands/alerts.command.js';
import { notifier } from '../src/notifier.definition.js';
import { verified } from './http-receiver.js';
import { NotifierRig, SECRET } from './notifier-rig.js';

jest.setTimeout(120_000);

describe('notifier', () => {
  let rig: NotifierRig;
  const services: RunningService[] = [];
  const start = async (env: Record<string, string> = {}): Promise<RunningService> => {
    const service = await startService(notifier, { ...rig.env, MILLRACE_LOG_LEVEL: 'fatal', ...env });
    services.push(service);
    return service;
  };
  const get = async <T>(service: RunningService, path: string): Promise<T> => (await (await fetch(service.url + path)).json()) as T;
  const states = async (): Promise<string[]> => (await rig.deliveries()).map(({ receiver, status, state }) => `${receiver} ${status} ${state}`);
  const settled = async (count: number): Promise<string[] | null> => {
    const all = await states();
    return all.length === count && all.every((one) => !one.endsWith('pending')) ? all : null;
  };

  beforeEach(async () => {
    rig = await NotifierRig.open();
  });
  afterEach(async () => {
    for (const service of services.splice(0)) await service.stop();
    await rig.close();
  });

  it('delivers each state change once, signed, and keeps alert, delivery and attempt', async () => {
    const service = await start();
    const firing = rig.alert({ evidence: [{ metricKey: 'orders{}', window: '1m', windowStart: 0, windowEnd: 60_000, value: 1, revision: 2, sourceOffsets: [{ topic: 'shop.orders.v1', partition: 1, firstOffset: 5, lastOffset: 9 }] }] });
    await rig.publish(firing, firing);
    await until('it fires', () => settled(1));
    await rig.publish(rig.resolved(firing), firing);
    expect(await until('both are delivered', () => settled(2))).toEqual(['ops FIRING delivered', 'ops RESOLVED delivered']);
    const text = await until('the repeated ones are known', async () => {
      const scraped = await (await fetch(`${service.url}/metrics`)).text();
      return /millrace_notifier_alerts_total\{[^}]*result="known"[^}]*\} 2$/m.test(scraped) && scraped;
    });
    expect(text).toMatch(/millrace_notifier_alerts_total\{[^}]*result="new"[^}]*\} 2$/m);
    const [first, second] = rig.http.posts;
    expect(rig.http.posts).toHaveLength(2);
    if (first === undefined || second === undefined) return;
    expect(verified(first, SECRET)).toMatchObject({
      version: '4', type: 'alerts.firing', status: 'firing', receiver: 'ops', truncatedAlerts: 0,
      alerts: [{ fingerprint: firing.fingerprint, labels: { alertname: 'orders-dropped', severity: 'warning' }, millrace: { evidence: [{ sourceOffsets: [{ firstOffset: 5, lastOffset: 9 }] }] } }],
    });
    expect(verified(second, SECRET)).toMatchObject({ type: 'alerts.resolved', alerts: [{ status: 'resolved', fingerprint: firing.fingerprint }] });
    expect(first.headers).toMatchObject({ 'webhook-id': expect.stringMatching(/^msg_/), 'content-type': 'application/json' });
    expect(await get(service, '/alerts')).toMatchObject({ alerts: [{ fingerprint: firing.fingerprint, status: 'RESOLVED', lane: rig.test.lane }] });
    expect(await get(service, `/deliveries?state=delivered&receiver=ops&fingerprint=${firing.fingerprint}&limit=1`)).toMatchObject({
      deliveries: [{ receiver: 'ops', integration: 'ops/webhook/0', status: 'RESOLVED', attemptList: [{ attempt: 1, outcome: 'delivered', statusCode: 200 }] }],
    });
    expect((await fetch(`${service.url}/deliveries?state=lost`)).status).toBe(400);
    expect((await fetch(`${service.url}/deliveries?receiver=a&receiver=b`)).status).toBe(400);
  });

  it('sends again what has ended: after a dry run, one by its id or all of a period, with the ids they had', async () => {
    await rig.writeConfig(rig.webhook('ops') + rig.webhook('other'));
    rig.http.answer(({ path }) => (path === '/ops' ? { status: 400 } : { status: 204 }));
    const service = await start();
    const [first, second] = [rig.alert(), rig.alert()];
    const before = new Date().toISOString();
    await rig.publish(first, second);
    await until('all have ended', () => settled(4));
    const send = async (body: unknown): Promise<{ status: number; answer: { deliveries?: { id: number; integration: string; state: string }[]; errors?: { path: string }[] } }> => {
      const response = await fetch(`${service.url}/deliveries/redeliver`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
      return { status: response.status, answer: (await response.json()) as never };
    };

    const dry = await send({ from: before, dryRun: true });
    expect(dry.answer.deliveries?.map(({ integration, state }) => `${integration} ${state}`)).toEqual(['ops/webhook/0 failed', 'ops/webhook/0 failed']);
    expect(await states()).not.toContain('ops FIRING pending');
    expect((await send({ from: new Date(Date.now() + 60_000).toISOString() })).answer.deliveries).toEqual([]);

    rig.http.answer(() => ({ status: 204 }));
    const [one] = dry.answer.deliveries ?? [];
    expect((await send({ ids: [one?.id ?? 0] })).answer.deliveries).toHaveLength(1);
    await until('the first is delivered', async () => (await states()).filter((state) => state === 'ops FIRING delivered').length === 1);
    expect((await send({ from: before, receiver: 'ops' })).answer.deliveries).toHaveLength(1);
    await until('both are delivered', async () => (await settled(4))?.every((state) => state.endsWith('delivered')));
    const ids = rig.http.posts.filter(({ path }) => path === '/ops').map(({ headers }) => headers['webhook-id']);
    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(2);
    // What was tried stays on record, and what was delivered goes out again only if that is said.
    expect((await rig.attempts()).filter(({ status_code: status }) => status === 400)).toHaveLength(2);
    expect((await send({ from: before })).answer.deliveries).toEqual([]);
    expect((await send({ from: before, receiver: 'other', states: ['delivered'] })).answer.deliveries).toHaveLength(2);
    await until('the others came twice', () => rig.http.posts.filter(({ path }) => path === '/other').length === 4);

    const lines: string[] = [];
    const write = { out: (line: string) => lines.push(line), error: (line: string) => lines.push(line) };
    expect(await alertsCommand(['redeliver', '--url', service.url, '--from', before, '--state', 'delivered', '--receiver', 'ops', '--dry-run'], write)).toBe(0);
    expect(lines.at(-1)).toBe('2 would be sent again');
    expect(await alertsCommand(['redeliver', '--url', service.url], write)).toBe(64);
    expect(lines.at(-1)).toBe('  from: say which: ids, or a period that begins at from');

    for (const [wrong, path] of [[{}, 'from'], [{ ids: [] }, 'ids'], [{ from: 'yesterday' }, 'from'], [{ from: before, to: before }, 'to'], [{ from: before, states: ['suppressed'] }, 'states.0'], [{ from: before, receiver: 'nobody' }, 'receiver']] as const) {
      const { status, answer } = await send(wrong);
      expect([status, answer.errors?.[0]?.path]).toEqual([400, path]);
    }
  });

  it.each([
    ['500', { status: 500, body: 'x'.repeat(5_000) }, 500, 'answered 500'],
    ['408', { status: 408 }, 408, 'answered 408'],
    ['a connection cut before the status', 'cut', null, 'UND_ERR_SOCKET: other side closed'],
    ['no answer at all', 'hang', null, 'no answer within 1000 ms'],
  ] as const)('tries again after %s, with the same id and a new signature', async (_, answer, status, error) => {
    rig.http.answer(() => (rig.http.posts.length <= 2 ? answer : { status: 204 }));
    await start();
    await rig.publish(rig.alert());
    await until('the third attempt', () => settled(1));
    const ids = rig.http.posts.map(({ headers }) => headers['webhook-id']);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
    for (const post of rig.http.posts) verified(post, SECRET);
    const attempts = await rig.attempts();
    expect(attempts.map(({ outcome, status_code }) => [outcome, status_code])).toEqual([['retry', status], ['retry', status], ['delivered', 204]]);
    expect(attempts[0]?.error).toBe(error);
    expect(attempts[0]?.response_excerpt?.length ?? 0).toBeLessThanOrEqual(1_024);
  });

  it.each([
    ['a redirect, which it does not follow', { status: 307, headers: { location: '/elsewhere' } }, 'failed'],
    ['400', { status: 400, body: 'no' }, 'failed'],
    ['an answer cut after its 200', 'cut-body', 'delivered'],
  ] as const)('does not try again after %s', async (_, answer, state) => {
    rig.http.answer(answer);
    await start();
    await rig.publish(rig.alert());
    expect(await until('it is settled', () => settled(1))).toEqual([`ops FIRING ${state}`]);
    expect(rig.http.posts).toHaveLength(1);
    expect(rig.http.at('/elsewhere')).toEqual([]);
  });

  it('F33: waits as long as Retry-After says, with every delivery to that receiver', async () => {
    rig.http.answer(() => (rig.http.posts.length === 1 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 200 }));
    await start();
    const [early, late] = [rig.alert(), rig.alert()];
    await rig.publish(early);
    await until('the first attempt is on record', async () => (await rig.attempts()).length === 1);
    await rig.publish(late);
    await until('both are delivered', () => settled(2));
    const [refused, ...later] = rig.http.posts;
    expect(later).toHaveLength(2);
    for (const { at } of later) expect(at - (refused?.at ?? 0)).toBeGreaterThan(950);
  });

  it('gives up at the end of the schedule, and says so', async () => {
    await rig.writeConfig(rig.webhook('ops', { retry: '0, 0.01, 0.01' }));
    rig.http.answer({ status: 503 });
    await start();
    await rig.publish(rig.alert());
    expect(await until('it is given up', () => settled(1))).toEqual(['ops FIRING failed']);
    expect((await rig.attempts()).map(({ outcome }) => outcome)).toEqual(['retry', 'retry', 'failed']);
  });

  it('F34: switches a receiver off at 410, tells the others so, and switches it on again when asked', async () => {
    await rig.writeConfig(rig.webhook('ops') + rig.webhook('boss'), { routes: '{ receiver: ops, matchers: [rule=orders-dropped] }, { receiver: boss }' });
    rig.http.answer(({ path }) => ({ status: path === '/ops' ? 410 : 200 }));
    const service = await start();
    const ofOps = async (): Promise<string[]> => (await states()).filter((state) => state.startsWith('ops'));
    await rig.publish(rig.alert());
    await until('it is switched off', async () => (await ofOps()).join() === 'ops FIRING disabled');
    await rig.publish(rig.alert());
    await until('the next is not even tried', async () => (await ofOps()).join() === 'ops FIRING disabled,ops FIRING disabled');
    expect(rig.http.at('/ops')).toHaveLength(1);
    expect(await get(service, '/receivers')).toMatchObject({ receivers: [{ receiver: 'ops', disabled: { reason: 'answered 410' } }, { receiver: 'boss', disabled: null }] });
    await until('the others are told', () => rig.http.at('/boss').length === 1);
    expect(verified(rig.http.at('/boss')[0]!, SECRET)).toMatchObject({
      alerts: [{ labels: { alertname: 'receiver-switched-off', receiver: 'ops', integration: 'ops/webhook/0' }, annotations: { summary: 'ops/webhook/0 is switched off: answered 410' } }],
    });
    rig.http.answer({ status: 200 });
    expect(await (await fetch(`${service.url}/receivers/ops/enable`, { method: 'POST' })).json()).toEqual({ enabled: true });
    await rig.publish(rig.alert());
    await until('the one after is delivered', async () => (await ofOps()).at(-1) === 'ops FIRING delivered');
  });

  it('F34: a dead receiver delays no other', async () => {
    await rig.writeConfig(rig.webhook('dead', { millrace: ', concurrency: 1' }) + rig.webhook('ops'));
    rig.http.answer(({ path }) => (path === '/dead' ? 'hang' : { status: 200 }));
    await start();
    await rig.publish(...Array.from({ length: 20 }, () => rig.alert()));
    await until('the living one has all', () => rig.http.at('/ops').length === 20);
    const order = rig.http.posts.map(({ path }) => path);
    // One attempt at a time hangs for the timeout: had the others waited, the dead one would have been asked more often by now.
    expect(order.filter((path) => path === '/dead').length).toBeLessThan(20);
    expect((await rig.deliveries()).filter(({ receiver, state }) => receiver === 'dead' && state !== 'pending')).toEqual([]);
  });

  it('F34: asks a dead receiver with one delivery at a time, and brings it all that waited as soon as it is back', async () => {
    // By the schedule nothing would be tried again for an hour.
    await rig.writeConfig(rig.webhook('ops', { retry: '0, 3600' }));
    let up = false;
    rig.http.answer(() => (up ? { status: 200 } : { status: 500 }));
    const service = await start();
    const alerts = Array.from({ length: 30 }, () => rig.alert());
    await rig.publish(...alerts);
    const open = async (): Promise<boolean> => /millrace_notifier_breaker_open\{[^}]*receiver="ops\/webhook\/0"[^}]*\} 1$/m.test(await (await fetch(`${service.url}/metrics`)).text());
    await until('the breaker is open', open);
    await until('it was asked again', () => rig.http.posts.length >= 12);
    // Eight at a time: what was on its way when the tenth failed, and then one after another.
    expect(new Set(rig.http.posts.map(({ headers }) => headers['webhook-id'])).size).toBeLessThanOrEqual(18);
    expect((await rig.deliveries()).every(({ state }) => state === 'pending')).toBe(true);
    up = true;
    await until('all are delivered', async () => (await settled(30))?.every((state) => state === 'ops FIRING delivered'));
    expect(await open()).toBe(false);
  });

  it('what a group says next takes the place of what waits: who was not reached hears how it stands, and of every end once', async () => {
    let up = false;
    rig.http.answer(() => (up ? { status: 200 } : { status: 500 }));
    await rig.writeConfig(rig.webhook('ops', { retry: '0, 3600' }), { route: 'group_by: [rule], group_wait: 0s, group_interval: 50ms, repeat_interval: 1h' });
    await start();
    const [first, second, third] = [rig.alert(), rig.alert(), rig.alert()];
    /** What the message says that waits now, once it was tried. */
    const waiting = async (): Promise<string> => {
      const [row] = await rig.postgres.query<{ alerts: { fingerprint: string; status: string }[] }>("select notice -> 'alerts' as alerts from deliveries where state = 'pending' and lease_owner is null and attempts > 0 order by id desc limit 1");
      return saying(row?.alerts ?? []);
    };
    const saying = (all: readonly { readonly fingerprint: string; readonly status: string }[]): string => all.map(({ fingerprint, status }) => `${fingerprint} ${status}`).sort().join();
    const says = (...all: readonly (readonly [alert: { readonly fingerprint: string }, status: string])[]): string => saying(all.map(([{ fingerprint }, status]) => ({ fingerprint, status })));
    await rig.publish(first, second);
    await until('both wait', async () => (await waiting()) === says([first, 'firing'], [second, 'firing']));
    await rig.publish(rig.resolved(first));
    await until('the end waits', async () => (await waiting()) === says([first, 'resolved'], [second, 'firing']));
    await rig.publish(third);
    await until('the third waits, and the end still', async () => (await waiting()) === says([first, 'resolved'], [second, 'firing'], [third, 'firing']));
    await rig.publish(rig.resolved(second), rig.resolved(third));
    await until('all ends wait', async () => (await waiting()) === says([first, 'resolved'], [second, 'resolved'], [third, 'resolved']));
    up = true;
    const fourth = rig.alert();
    await rig.publish(fourth);
    await until('it is delivered', async () => (await states()).at(-1) === 'ops FIRING delivered');
    const posts = rig.http.posts.map((post) => verified(post, SECRET));
    expect(posts.at(-1)?.alerts.map(({ fingerprint, status }) => `${fingerprint} ${status}`).sort()).toEqual(
      [`${fourth.fingerprint} firing`, ...[first, second, third].map(({ fingerprint }) => `${fingerprint} resolved`)].sort(),
    );
    expect((await states()).slice(0, -1).every((state) => state.endsWith('replaced'))).toBe(true);
  });

  it('routes by labels, and tells ends only to who wants them', async () => {
    await rig.writeConfig(rig.webhook('critical') + rig.webhook('shop', { config: 'send_resolved: false,' }) + '  - { name: log, millrace: { log_configs: [{}] } }\n', {
      routes: '{ receiver: critical, matchers: [severity=critical], continue: true }, { receiver: shop, matchers: ["severity=~critical|warning"], continue: true }, { receiver: log }',
    });
    await start();
    const warning = rig.alert();
    const critical = rig.alert({ severity: 'critical', labels: { rule: 'x', severity: 'critical' } });
    await rig.publish(warning, critical);
    await until('both fire', () => settled(5));
    await rig.publish(rig.resolved(warning));
    const all = await until('all are settled', () => settled(6));
    expect([...all].sort()).toEqual(['critical FIRING delivered', 'log FIRING delivered', 'log FIRING delivered', 'log RESOLVED delivered', 'shop FIRING delivered', 'shop FIRING delivered']);
  });

  it('a lane that does not deliver writes to logs only, and records the rest', async () => {
    await rig.writeConfig(`${rig.webhook('ops')}  - { name: log, millrace: { log_configs: [{}] } }\n`);
    const service = await start({ MILLRACE_NOTIFIER_DELIVERING_LANES: 'live' });
    await rig.publish(rig.alert());
    expect(await until('both are settled', () => settled(2))).toEqual(['ops FIRING suppressed', 'log FIRING delivered']);
    expect((await fetch(`${service.url}/receivers/ops/test`, { method: 'POST' })).status).toBe(409);
    expect(rig.http.posts).toEqual([]);
  });

  it('sends a test message, and shows receivers without their secrets', async () => {
    const service = await start();
    const answer = await (await fetch(`${service.url}/receivers/ops/test`, { method: 'POST' })).json();
    expect(answer).toMatchObject({ results: [{ integration: 'ops/webhook/0', outcome: 'delivered', statusCode: 200 }] });
    const [post] = rig.http.posts;
    expect(post !== undefined && verified(post, SECRET).type).toBe('alerts.test');
    expect((await fetch(`${service.url}/receivers/nobody/test`, { method: 'POST' })).status).toBe(404);
    const text = JSON.stringify(await get(service, '/receivers'));
    expect(text).not.toContain(SECRET.slice(6));
    expect(text).not.toContain('/ops"');
  });

  it('a message that cannot be made whole arrives all the same, and says so', async () => {
    rig.http.answer({ status: 503 });
    await start();
    await rig.publish(rig.alert({ annotations: { summary: '12 orders' } }));
    await until('it was tried', () => rig.http.posts.length > 0);
    await until('it is broken', async () => (await rig.postgres.execute("update deliveries set notice = jsonb_set(notice, '{alerts,0,decision,evidence}', '[null]') where state = 'pending' and lease_owner is null")) === 1);
    rig.http.answer({ status: 200 });
    await until('it is delivered', () => settled(1));
    const { alerts } = JSON.parse(rig.http.posts.at(-1)?.body ?? '') as { alerts: { annotations: { summary: string } }[] };
    expect(alerts[0]?.annotations.summary).toMatch(/^12 orders \(The message could not be made whole: /);
  });

  it('two notifiers send each message once', async () => {
    await Promise.all([start(), start()]);
    const alerts = Array.from({ length: 100 }, () => rig.alert());
    await rig.publish(...alerts);
    await until('all fire', () => settled(100));
    await rig.publish(...alerts.map((alert) => rig.resolved(alert)));
    await until('all are delivered', () => settled(200));
    expect(rig.http.posts).toHaveLength(200);
    expect(new Set(rig.http.posts.map(({ headers }) => headers['webhook-id'])).size).toBe(200);
  });

  it('refuses a private address that the file does not allow, also behind a name', async () => {
    const port = new URL(rig.http.url).port;
    await rig.writeConfig(`  - { name: ops, webhook_configs: [{ url: "http://localhost:${port}/ops" }] }\n`);
    await start();
    await rig.publish(rig.alert());
    expect(await until('it is settled', () => settled(1))).toEqual(['ops FIRING failed']);
    expect((await rig.attempts())[0]?.error).toMatch(/^localhost is not allowed: it leads to .*127\.0\.0\.1/);
    expect(rig.http.posts).toEqual([]);
  });
});
