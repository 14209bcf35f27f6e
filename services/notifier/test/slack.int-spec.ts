import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startService, type RunningService } from '@millrace/service-kit';
import { until } from '@millrace/testing';
import { notifier } from '../src/notifier.definition.js';
import { isDispatching } from './dispatching.js';
import { NotifierRig } from './notifier-rig.js';

jest.setTimeout(120_000);

const TOKEN = 'xoxb-CANARY';
const POST = '/api/chat.postMessage';
const UPDATE = '/api/chat.update';

/** What we said to Slack's Web API. */
interface Said {
  readonly path: string;
  readonly channel: string;
  readonly ts?: string;
  readonly text: string;
}

describe('Slack', () => {
  let rig: NotifierRig;
  const services: RunningService[] = [];
  let posted = 0;

  /** Slack as it answers: always 200 but for limits, and `ok` says how it went. */
  const answerAs = (errors: Readonly<Record<string, string>> = {}): void => {
    rig.http.answer(({ path }) => {
      const error = errors[path];
      if (error !== undefined) return { status: 200, body: JSON.stringify({ ok: false, error }) };
      if (path === POST) posted += 1;
      return { status: 200, body: JSON.stringify({ ok: true, channel: 'C0', ts: `17000000.00000${String(posted)}` }) };
    });
  };
  const run = async (): Promise<RunningService> => {
    const service = await startService(notifier, { ...rig.env, MILLRACE_LOG_LEVEL: 'fatal' });
    services.push(service);
    await until('it dispatches', () => isDispatching(service));
    return service;
  };
  /** As an app. */
  const start = async (strategy = 'update'): Promise<RunningService> => {
    const url = `${rig.http.url}${POST}`;
    await rig.writeConfig(`  - { name: channel, slack_configs: [{ send_resolved: true, app_token_file: token, app_url: "${url}", channel: "#ops", message_strategy: ${strategy}, millrace: { allow_private: ["${rig.http.url}/api/"], retry: [0, 0.1, 0.1, 0.1] } }] }\n`, {
      route: 'group_by: [shop], group_wait: 0s, group_interval: 200ms, repeat_interval: 1h',
    });
    return run();
  };
  const said = (): readonly Said[] => rig.http.posts.map(({ path, body }) => ({ path, ...(JSON.parse(body) as Omit<Said, 'path'>) }));
  const untilSaid = (count: number): Promise<unknown> => until(`Slack is told ${String(count)} times`, () => rig.http.posts.length >= count);
  const settled = (count: number): Promise<unknown> => until('deliveries are settled', async () => {
    const all = await rig.deliveries();
    return all.length === count && all.every(({ state }) => state !== 'pending');
  });
  const labelled = (alert: string): ReturnType<NotifierRig['alert']> => rig.alert({ fingerprint: alert, labels: { rule: 'orders-dropped', severity: 'warning', lane: rig.test.lane, shop: 'one', n: alert } });

  beforeEach(async () => {
    rig = await NotifierRig.open();
    posted = 0;
    await writeFile(`${rig.folder}/token`, TOKEN);
    answerAs();
  });
  afterEach(async () => {
    for (const service of services.splice(0)) await service.stop();
    await rig.close();
  });

  it('an incoming webhook gets its message, and is switched off with its channel', async () => {
    await rig.writeConfig(`  - { name: channel, slack_configs: [{ send_resolved: true, api_url_file: slack, millrace: { allow_private: ["${rig.http.url}/services/"] } }] }\n`);
    await writeFile(`${rig.folder}/slack`, `${rig.http.url}/services/T0/B0/CANARY`);
    rig.http.answer({ status: 200, body: 'ok' });
    await run();
    await rig.publish(rig.alert({ annotations: { summary: '<!channel> & more' } }));
    await settled(1);
    const [post] = rig.http.posts;
    expect(JSON.parse(post?.body ?? '{}')).toMatchObject({ text: 'Firing: orders-dropped - &lt;!channel&gt; &amp; more', attachments: [{ color: '#ef6c00' }] });
    rig.http.answer({ status: 404, body: 'channel_is_archived' });
    await rig.publish(rig.alert());
    await settled(2);
    expect((await rig.deliveries())[1]).toMatchObject({ receiver: 'channel', status: 'FIRING', state: 'disabled' });
  });

  it('a token bucket holds sends back, and loses none', async () => {
    const url = `${rig.http.url}/paced`;
    await rig.writeConfig(`  - { name: paced, webhook_configs: [{ url: "${url}", millrace: { allow_private: ["${url}"], rate: { per_second: 4, burst: 3 } } }] }\n`);
    rig.http.answer({ status: 200 });
    await run();
    await rig.publish(...Array.from({ length: 8 }, () => rig.alert()));
    await settled(8);
    const times = rig.http.at('/paced').map(({ at }) => at);
    expect(times).toHaveLength(8);
    // Three at once, then one each quarter of a second: never sooner.
    expect((times[7] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1_000);
  });

  it('a group has one message, edited as it changes, also after a restart; once it has ended the next one is new', async () => {
    const service = await start();
    const [one, two] = [labelled('00000000000000a1'), labelled('00000000000000a2')];
    await rig.publish(one);
    await settled(1);
    await rig.publish(two);
    await settled(2);
    await service.stop();
    await start();
    await rig.publish(rig.resolved(one), rig.resolved(two));
    await until('both ends are told', () => said().at(-1)?.text.startsWith('Resolved'));
    const before = said();
    expect(before[0]).toMatchObject({ path: POST, channel: '#ops', text: 'Firing: orders-dropped' });
    expect(before.slice(1).every(({ path, channel, ts }) => path === UPDATE && channel === 'C0' && ts === '17000000.000001')).toBe(true);
    expect(before[1]?.text).toBe('Firing: orders-dropped (2 alerts)');
    expect(rig.http.posts[0]?.headers['authorization']).toBe(`Bearer ${TOKEN}`);
    await until('all is settled', async () => (await rig.deliveries()).every(({ state }) => state === 'delivered'));
    await rig.publish({ ...labelled('00000000000000a1'), eventId: 'again', startsAt: Date.now() });
    await untilSaid(before.length + 1);
    expect(said().at(-1)?.path).toBe(POST);
  });

  it('a message that was deleted, or must not be edited any more, is made anew, and that one is edited then', async () => {
    await start();
    await rig.publish(labelled('00000000000000b1'));
    await settled(1);
    answerAs({ [UPDATE]: 'message_not_found' });
    await rig.publish(labelled('00000000000000b2'));
    await settled(2);
    answerAs();
    await rig.publish(labelled('00000000000000b3'));
    await settled(3);
    expect(said().map(({ path, ts }) => [path, ts])).toEqual([[POST, undefined], [UPDATE, '17000000.000001'], [POST, undefined], [UPDATE, '17000000.000002']]);
  });

  it('without message_strategy each change is a message of its own', async () => {
    await start('new');
    await rig.publish(labelled('00000000000000c1'));
    await settled(1);
    await rig.publish(labelled('00000000000000c2'));
    await settled(2);
    expect(said().map(({ path }) => path)).toEqual([POST, POST]);
  });

  it("what can be put right is tried again, what Slack refuses is not, and an archived channel is switched off; the token is nowhere to be seen", async () => {
    const service = await start();
    answerAs({ [POST]: 'not_in_channel' });
    await rig.publish(labelled('00000000000000d1'));
    await untilSaid(2);
    answerAs();
    await settled(1);
    expect(await rig.deliveries()).toMatchObject([{ state: 'delivered' }]);
    expect((await rig.attempts())[0]).toMatchObject({ outcome: 'retry', status_code: 200, error: 'Slack says not_in_channel' });
    answerAs({ [UPDATE]: 'msg_too_long' });
    await rig.publish(labelled('00000000000000d2'));
    await settled(2);
    answerAs({ [UPDATE]: 'is_archived' });
    await rig.publish(labelled('00000000000000d3'));
    await settled(3);
    expect((await rig.deliveries()).map(({ state }) => state)).toEqual(['delivered', 'failed', 'disabled']);
    const shown = await Promise.all(['/receivers', '/deliveries', '/api/v2/status', '/metrics'].map(async (path) => (await fetch(service.url + path)).text()));
    expect(shown.join('')).not.toContain(TOKEN);
  });
});
