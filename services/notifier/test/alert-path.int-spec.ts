import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { inLane, metricKey, metricWindow } from '@millrace/contracts';
import { makeMetricWindow, ServiceProcess, until } from '@millrace/testing';
import { verified } from './http-receiver.js';
import { NotifierRig, SECRET } from './notifier-rig.js';

jest.setTimeout(180_000);

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 0, 5, 12);

describe('from metric window to webhook, through processes of their own', () => {
  let rig: NotifierRig;
  const processes: ServiceProcess[] = [];
  const spawn = async (service: 'ruler' | 'notifier'): Promise<ServiceProcess> => {
    const child = await ServiceProcess.start(service, { ...rig.env, MILLRACE_RULER_RULES: join(rig.folder, 'rules.yaml') });
    processes.push(child);
    return child;
  };
  const publish = (values: Readonly<Record<number, number>>): Promise<void> =>
    rig.publisher.publishAll(
      metricWindow,
      Object.entries(values).map(([minute, value]) => {
        const windowStart = NOON + Number(minute) * MINUTE;
        return makeMetricWindow({
          metric: 'orders', metricKey: metricKey('orders', {}), dimensions: {}, windowStart, windowEnd: windowStart + MINUTE, value, final: true, watermark: windowStart + MINUTE,
          lane: rig.test.lane, sourceOffsets: [{ topic: inLane(rig.test.lane, 'shop.orders.v1'), partition: 0, firstOffset: Number(minute), lastOffset: Number(minute) + 5 }],
        });
      }),
    );
  const delivered = async (): Promise<number> => (await rig.deliveries()).filter(({ state }) => state === 'delivered').length;

  beforeEach(async () => {
    rig = await NotifierRig.open();
    await writeFile(join(rig.folder, 'rules.yaml'), 'version: 1\nrules:\n  - { name: high, kind: threshold, metric: orders, window: 1m, is: ">", value: 100 }\n');
  });
  afterEach(async () => {
    for (const child of processes.splice(0)) await child.end();
    await rig.close();
  });

  it('tells once of each state change, with the evidence', async () => {
    await Promise.all([spawn('ruler'), spawn('notifier')]);
    await publish({ 0: 50, 1: 150, 2: 160 });
    await until('it fires', async () => (await delivered()) === 1);
    await publish({ 3: 40 });
    await until('both changes are delivered', async () => (await delivered()) === 2);
    const messages = rig.http.posts.map((post) => verified(post, SECRET));
    expect(messages.map(({ type }) => type)).toEqual(['alerts.firing', 'alerts.resolved']);
    expect(messages[0]?.alerts[0]).toMatchObject({
      labels: { alertname: 'high' },
      startsAt: new Date(NOON + 2 * MINUTE).toISOString(),
      millrace: { value: 150, threshold: 100, evidence: [{ metricKey: 'orders{}', value: 150, sourceOffsets: [{ topic: inLane(rig.test.lane, 'shop.orders.v1'), partition: 0, firstOffset: 1, lastOffset: 6 }] }] },
    });
    expect(await Promise.all(processes.splice(0).map((child) => child.end()))).toEqual([0, 0]);
  });

  it('F1, F35: a notifier killed after sending and before recording sends again, with the same id, and loses nothing', async () => {
    await spawn('ruler');
    const first = await spawn('notifier');
    rig.http.answer('hang');
    await publish({ 0: 150 });
    await until('the message was sent', () => rig.http.posts.length === 1);
    await first.end('SIGKILL');
    rig.http.answer({ status: 200 });
    await publish({ 1: 40 });
    await spawn('notifier');
    await until('both changes are delivered', async () => (await delivered()) === 2);
    const messages = rig.http.posts.map((post) => ({ id: post.headers['webhook-id'], type: verified(post, SECRET).type }));
    expect(messages.map(({ type }) => type)).toEqual(['alerts.firing', 'alerts.firing', 'alerts.resolved']);
    expect(messages[0]?.id).toBe(messages[1]?.id);
    expect((await rig.attempts()).map(({ outcome, possible_repeat }) => [outcome, possible_repeat])).toEqual([['delivered', true], ['delivered', false]]);
  });
});
