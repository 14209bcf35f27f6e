import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AlertEvent } from '@millrace/contracts';
import { fingerprint } from '@millrace/service-kit/fingerprint';
import { ServiceProcess, TcpProxy, until } from '@millrace/testing';
import { isDispatching } from './dispatching.js';
import type { ReceivedPost } from './http-receiver.js';
import { verified } from './http-receiver.js';
import { NotifierRig, SECRET } from './notifier-rig.js';
import { toldWrong } from './told-once.js';

jest.setTimeout(240_000);

const MINUTE = 60_000;
const FIRED = ['firing'];
const ENDED = ['firing', 'resolved'];

describe('the notifier under faults', () => {
  let rig: NotifierRig;
  const processes: ServiceProcess[] = [];
  const spawn = async (env: Record<string, string> = {}): Promise<ServiceProcess> => {
    const child = await ServiceProcess.start('notifier', { ...rig.env, ...env });
    processes.push(child);
    return child;
  };
  const post = async (service: ServiceProcess, path: string, body: unknown): Promise<unknown> => {
    const response = await fetch(service.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${await response.text()}`);
    return response.json().catch(() => null);
  };
  const silence = (service: ServiceProcess, fingerprintOf: string): Promise<unknown> =>
    post(service, '/api/v2/silences', {
      matchers: [{ name: 'n', value: fingerprintOf, isRegex: false, isEqual: true }], startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 10 * MINUTE).toISOString(), createdBy: 'me', comment: 'known',
    });
  const wrong = (expected: ReadonlyMap<string, readonly string[]>, posts: readonly ReceivedPost[] = rig.http.posts): readonly string[] => toldWrong(posts, SECRET, expected);
  const all = (alerts: readonly AlertEvent[], statuses: readonly string[]): Map<string, readonly string[]> => new Map(alerts.map((alert) => [alert.fingerprint, statuses]));
  const pending = async (): Promise<number> => (await rig.deliveries()).filter(({ state }) => state === 'pending').length;

  beforeEach(async () => {
    rig = await NotifierRig.open();
  });
  afterEach(async () => {
    for (const child of processes.splice(0)) {
      child.thaw();
      await child.end('SIGKILL');
    }
    await rig.close();
  });

  it('F36: killed while twenty alerts resolve, it tells each end once; silences hold on, and what ended under one is told when it is over', async () => {
    const first = await spawn();
    const alerts = Array.from({ length: 20 }, () => rig.alert());
    const [muted, unheard] = [rig.alert(), rig.alert()];
    await rig.publish(...alerts, muted);
    await until('all fire', () => wrong(all([...alerts, muted], FIRED)).length === 0);
    const { silenceID } = (await silence(first, muted.fingerprint)) as { silenceID: string };
    await silence(first, unheard.fingerprint);
    await rig.publish(unheard, rig.resolved(muted));

    // One message was read, and not answered; others are on their way.
    const hung = alerts[3]?.fingerprint ?? '-';
    rig.http.answer((one) => (one.body.includes(hung) ? 'hang' : { status: 200 }));
    await rig.publish(...alerts.slice(0, 10).map((alert) => rig.resolved(alert)));
    await until('some ends are told, and one is read', () => rig.http.posts.length >= 21 + 4 && rig.http.posts.filter(({ body }) => body.includes(hung)).length === 2);
    await first.end('SIGKILL');
    await rig.publish(...alerts.slice(10).map((alert) => rig.resolved(alert)));
    rig.http.answer({ status: 200 });
    const second = await spawn();
    await until('all ends are told', () => wrong(new Map([...all(alerts, ENDED), ...all([muted], FIRED)])).length === 0, 60_000);

    const silences = (await (await fetch(`${second.url}/api/v2/silences`)).json()) as { status: { state: string } }[];
    expect(silences.map(({ status }) => status.state)).toEqual(['active', 'active']);
    expect((await fetch(`${second.url}/api/v2/silence/${silenceID}`, { method: 'DELETE' })).status).toBe(200);
    await until('what ended under the silence is told', () => wrong(new Map([...all(alerts, ENDED), ...all([muted], ENDED)])).length === 0);
    await until('nothing waits', async () => (await pending()) === 0);

    const expected = new Map([...all(alerts, ENDED), ...all([muted], ENDED)]);
    expect(wrong(expected)).toEqual([]);
    // It bit: what was read and not answered came again, with the id it had, and is marked.
    const ids = rig.http.posts.map(({ headers }) => String(headers['webhook-id']));
    expect(new Set(ids).size).toBeLessThan(ids.length);
    expect((await rig.attempts()).filter(({ possible_repeat: repeat }) => repeat).length).toBeGreaterThan(0);
    // The check is red for one that loses a message, and for one that tells it again as if it were another.
    const last = rig.http.posts.at(-1)!;
    expect(wrong(expected, rig.http.posts.slice(0, -1))).not.toEqual([]);
    expect(wrong(new Map([...expected, [alerts[0]?.fingerprint ?? '', FIRED]]))).not.toEqual([]);
    expect(wrong(expected, [...rig.http.posts, rig.resigned(last, 'msg_other')])).not.toEqual([]);
  });

  it('F37: of two notifiers one is frozen, its receiver failing: the other takes over, and the one that wakes writes nothing', async () => {
    const [first, second] = [await spawn(), await spawn()];
    await until('the first dispatches', () => isDispatching(first));
    expect(await isDispatching(second)).toBe(false);
    rig.http.answer({ status: 500 });
    first.freeze();
    const labels = { alertname: 'frozen', severity: 'critical' };
    await post(second, '/api/v2/alerts', [{ labels }]);
    await until('the second dispatches', () => isDispatching(second));
    await until('it was tried', () => rig.http.posts.length > 0);
    first.thaw();
    await until('the first has noticed', async () => !(await isDispatching(first)));
    rig.http.answer({ status: 200 });
    await until('it is told', async () => (await pending()) === 0);
    await until('it knows why', () => first.output.some((line) => line.includes('LeaseLostError')));
    expect(wrong(new Map([[fingerprint(labels), FIRED]]))).toEqual([]);
    expect(await rig.deliveries()).toHaveLength(1);
    expect(await rig.postgres.query('select fence from dispatchers where lane = $1', [rig.test.lane])).toEqual([{ fence: 2 }]);
  });

  it('F31: PostgreSQL is gone for a while in the middle: nothing is lost, nothing is told twice', async () => {
    const database = new URL(rig.database.url);
    const proxy = await TcpProxy.start(`${database.hostname}:${database.port}`, 'any');
    try {
      database.hostname = proxy.address.host;
      database.port = String(proxy.address.port);
      const service = await spawn({ MILLRACE_POSTGRES_URL: database.href });
      await until('it dispatches', () => isDispatching(service));
      const [early, late] = [Array.from({ length: 10 }, () => rig.alert()), Array.from({ length: 10 }, () => rig.alert())];
      await rig.publish(...early);
      await until('they fire', () => wrong(all(early, FIRED)).length === 0);
      await rig.publish(...late);
      await until('some of the others are told', () => rig.http.posts.length > 12);
      proxy.refuse();
      await rig.publish(...early.map((alert) => rig.resolved(alert)));
      await until('it has noticed', () => service.output.some((line) => line.includes('cannot dispatch now')));
      expect(await isDispatching(service)).toBe(false);
      proxy.heal();
      await until('all is told', () => wrong(new Map([...all(early, ENDED), ...all(late, FIRED)])).length === 0, 90_000);
      await until('nothing waits', async () => (await pending()) === 0);
      expect(wrong(new Map([...all(early, ENDED), ...all(late, FIRED)]))).toEqual([]);
    } finally {
      await proxy.close();
    }
  });

  it('F32: receivers that hang, drip or never end are cut, and delay nobody else', async () => {
    const kinds = ['hang', 'drip', 'endless'] as const;
    await rig.writeConfig(kinds.map((kind) => rig.webhook(kind, { retry: '0, 3600' })).join('') + rig.webhook('ops'));
    rig.http.answer(({ path }) => kinds.find((kind) => path === `/${kind}`) ?? { status: 200 });
    const service = await spawn();
    const alerts = Array.from({ length: 8 }, () => rig.alert());
    await rig.publish(...alerts);
    await until('the good one has all', () => rig.http.at('/ops').length === 8);
    expect(wrong(all(alerts, FIRED), rig.http.at('/ops'))).toEqual([]);
    // Had the good one waited for them, they would be done.
    expect((await rig.deliveries()).filter(({ receiver, state }) => receiver === 'hang' && state !== 'pending')).toEqual([]);
    await until('all slow ones are cut', async () => (await rig.attempts()).length >= 32, 60_000);
    const outcomes = await rig.postgres.query<{ receiver: string; outcome: string; error: string | null }>(
      'select distinct d.receiver, a.outcome, a.error from delivery_attempts a join deliveries d on d.id = a.delivery_id order by 1, 2',
    );
    expect(outcomes).toEqual([
      // Their status had come: they have the message.
      { receiver: 'drip', outcome: 'delivered', error: null },
      { receiver: 'endless', outcome: 'delivered', error: null },
      { receiver: 'hang', outcome: 'retry', error: 'no answer within 1000 ms' },
      { receiver: 'ops', outcome: 'delivered', error: null },
    ]);
    // Of what never ends little is read; sockets hold a few hundred kB each.
    expect(rig.http.poured).toBeLessThan(8 * 8 * 1_048_576);
    expect(Number(/process_resident_memory_bytes\{[^}]*\} (\S+)/.exec(await (await fetch(`${service.url}/metrics`)).text())?.[1])).toBeLessThan(512 * 1_048_576);
  });

  it('F33: a storm of 429 from seven receivers, each with its own Retry-After: nothing is sent early, nothing is lost', async () => {
    const asked = { seconds: '2', fraction: '1.1', date: '', past: '', negative: '-1', endless: '1e99', none: '' };
    type Receiver = keyof typeof asked;
    const names = Object.keys(asked) as Receiver[];
    const headerOf = (name: Receiver): string => (name === 'date' ? new Date(Date.now() + 3_000).toUTCString() : name === 'past' ? new Date(Date.now() - MINUTE).toUTCString() : asked[name]);
    await rig.writeConfig(names.map((name) => rig.webhook(name)).join(''));
    const refusals = new Map<string, number[]>();
    rig.http.answer(({ path, at }) => {
      const name = names.find((one) => path === `/${one}`) ?? 'none';
      const known = refusals.get(name) ?? [];
      // Eight are on their way at once; `endless` refuses for good.
      if (known.length >= 8 && name !== 'endless') return { status: 200 };
      refusals.set(name, [...known, at]);
      return { status: 429, headers: headerOf(name) === '' ? {} : { 'retry-after': headerOf(name) } };
    });
    await spawn();
    const alerts = Array.from({ length: 40 }, () => rig.alert());
    await rig.publish(...alerts);
    const expected = all(alerts, FIRED);
    const patient = names.filter((name) => name !== 'endless');
    const lost = (name: string): readonly string[] => wrong(expected, taken(rig.http.at(`/${name}`), refusals.get(name) ?? []));
    await until('all are told', () => patient.every((name) => lost(name).length === 0), 60_000);
    // From the first refusal on nothing more is begun for as long as asked, at least a second (a date has whole ones): only what was on its way, eight at most, comes before.
    const least: Readonly<Record<string, number>> = { seconds: 2_000, fraction: 2_000, date: 2_000, past: 1_000, negative: 1_000 };
    for (const [name, wait] of Object.entries(least)) {
      const [first = 0] = refusals.get(name) ?? [];
      expect([name, rig.http.at(`/${name}`).filter(({ at }) => at < first + wait - 50).length <= 8]).toEqual([name, true]);
    }
    // An hour at most.
    await until('all attempts are on record', async () => (await rig.attempts()).length === rig.http.posts.length);
    const [row] = await rig.postgres.query<{ wait: number }>("select extract(epoch from min(next_attempt_at) - now())::double precision as wait from deliveries where receiver = 'endless' and attempts > 0");
    expect(row?.wait).toBeGreaterThan(3_500);
    expect(rig.http.at('/endless').length).toBeLessThanOrEqual(8);
  });

  it('F38: a flood of 10,000 alerts in 5,000 groups: none is lost, none told twice, within 512 MiB', async () => {
    await rig.writeConfig(rig.webhook('ops', { millrace: ', concurrency: 20' }), { route: 'group_by: [group], group_wait: 2s, group_interval: 2s, repeat_interval: 1h' });
    const service = await spawn({ MILLRACE_NOTIFIER_DISPATCH_LEASE_MS: '30000' });
    await until('it dispatches', () => isDispatching(service));
    const labelled = Array.from({ length: 10_000 }, (_, place) => ({ alertname: 'flood', group: `g${String(Math.floor(place / 2))}`, n: String(place) }));
    for (let from = 0; from < labelled.length; from += 500) await post(service, '/api/v2/alerts', labelled.slice(from, from + 500).map((labels) => ({ labels })));
    const expected = new Map(labelled.map((labels) => [fingerprint(labels), FIRED]));
    await until('all are told', async () => (await rig.postgres.query('select from notification_log where lane = $1', [rig.test.lane])).length === 5_000 && (await pending()) === 0, 180_000);
    // A group whose two alerts came apart is told of both again: as it stands.
    const told = new Set(rig.http.posts.flatMap((one) => verified(one, SECRET).alerts.map(({ fingerprint: known }) => known)));
    expect([...expected.keys()].filter((known) => !told.has(known))).toEqual([]);
    // What took too long to answer came again, with the id it had.
    const once = new Map(rig.http.posts.map((one) => [String(one.headers['webhook-id']), one]));
    const states = [...once.values()].map((one) => `${verified(one, SECRET).groupKey} ${String(verified(one, SECRET).alerts.length)}`);
    expect(new Set(states).size).toBe(states.length);
    expect(Number(/process_resident_memory_bytes\{[^}]*\} (\S+)/.exec(await (await fetch(`${service.url}/metrics`)).text())?.[1])).toBeLessThan(512 * 1_048_576);
  });

  it('F40: hundreds of label names and values, and one of a megabyte, make no series and no long message', async () => {
    const service = await spawn();
    await until('it dispatches', () => isDispatching(service));
    const series = async (): Promise<number> => (await (await fetch(`${service.url}/metrics`)).text()).split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    const labels = Array.from({ length: 300 }, (_, place) => ({ alertname: `explode${String(place)}`, value: 'x'.repeat(100), [`label${String(place)}`]: String(place) }));
    await post(service, '/api/v2/alerts', [...labels.map((one) => ({ labels: one })), { labels: { alertname: 'large', value: 'y'.repeat(1_000_000) } }]);
    await until('all are told', () => new Set(rig.http.posts.flatMap((one) => verified(one, SECRET).alerts.map(({ fingerprint: known }) => known))).size === 301, 120_000);
    const before = await series();
    await post(service, '/api/v2/alerts', labels.map((one) => ({ labels: { ...one, more: '1' } })));
    await until('these, too', () => new Set(rig.http.posts.flatMap((one) => verified(one, SECRET).alerts.map(({ fingerprint: known }) => known))).size === 601, 120_000);
    expect(await series()).toBeLessThanOrEqual(before + 5);
    expect(Math.max(...rig.http.posts.map(({ body }) => body.length))).toBeLessThan(20_000);
  });
});

/** What a receiver did not refuse. */
function taken(posts: readonly ReceivedPost[], refusals: readonly number[]): readonly ReceivedPost[] {
  return posts.filter(({ at }) => !refusals.includes(at));
}
