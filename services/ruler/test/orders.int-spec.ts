import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fraudScore, inLane, type AlertEvent, type FraudScore } from '@millrace/contracts';
import { startService, type RunningService } from '@millrace/service-kit';
import { makeFraudScore, ServiceProcess, until } from '@millrace/testing';
import { ruler } from '../src/ruler.definition.js';
import { MINUTE, NOON, RulerRig } from './ruler-rig.js';

jest.setTimeout(120_000);

const LIKELY = '  - { name: likely, kind: order, when: \'decision == "DECLINE" && score >= 0.9\', by: [order], severity: critical, annotations: { summary: "{{ labels.order }}: {{ value }}" } }\n';
const CUSTOMER = '  - { name: customer, kind: order, when: \'decision != "ALLOW"\', by: [customer], atLeast: 3, within: 10m }\n';
const VOLUME = '  - { name: volume, kind: order, when: \'decision != "ALLOW"\', atLeast: 4, within: 10m }\n';

type Given = Partial<FraudScore> & { readonly minute?: number };

describe('rules about orders', () => {
  let rig: RulerRig;
  const services: RunningService[] = [];
  const processes: ServiceProcess[] = [];

  const start = async (env: Readonly<Record<string, string>> = {}): Promise<RunningService> => {
    const service = await startService(ruler, { ...rig.env, ...env, MILLRACE_LOG_LEVEL: 'fatal' });
    services.push(service);
    return service;
  };
  const spawn = async (): Promise<ServiceProcess> => {
    const service = await ServiceProcess.start('ruler', rig.env);
    processes.push(service);
    return service;
  };
  const scoreOf = ({ minute = 0, ...given }: Given): FraudScore => makeFraudScore({ lane: rig.test.lane, occurredAt: NOON + minute * MINUTE, ...given });
  const publish = (...scores: Given[]): Promise<void> => rig.publisher.publishAll(fraudScore, scores.map(scoreOf));
  const declined = (orderId: string, given: Given = {}): Given => ({ orderId, decision: 'DECLINE', score: 0.95, ...given });
  const reviewed = (customerId: string, minute: number, given: Given = {}): Given => ({ customerId, minute, decision: 'REVIEW', score: 0.5, ...given });
  /** Orders that nobody minds, in every partition: event time has come to this minute. */
  const come = (minute: number): Promise<void> => publish(...Array.from({ length: 24 }, () => ({ minute })));
  const story = (): string[] => rig.alerts.map(({ status, labels }) => `${status} ${labels['order'] ?? labels['customer'] ?? labels['rule'] ?? ''}`);
  const heard = (rule: string): AlertEvent[] => rig.alerts.filter((alert) => alert.rule === rule);
  const rows = async (table: string): Promise<number> => (await rig.postgres.query<{ n: number }>(`select count(*) as n from ${table} where lane = $1`, [rig.test.lane]))[0]?.n ?? -1;
  /** Has the next ruler read everything again. */
  const forgetOffsets = async (): Promise<void> => {
    const admin = await rig.test.kafka.admin();
    await admin.deleteGroups([inLane(rig.test.lane, 'ruler')]);
    await admin.close();
  };

  beforeEach(async () => {
    rig = await RulerRig.open(LIKELY);
  });
  afterEach(async () => {
    for (const service of services.splice(0)) await service.stop();
    for (const service of processes.splice(0)) await service.end();
    await rig.close();
  });

  it('tells of each order that is likely fraud, with the score\'s record and those that it rests on', async () => {
    const service = await start();
    const evidence = [{ topic: 'shop.orders.v1', partition: 3, firstOffset: 17, lastOffset: 17 }];
    await publish({ orderId: 'good' }, declined('low', { score: 0.89 }), declined('bad', { evidence, score: 0.97, revision: 4 }));
    await until('the alert', () => rig.alerts.length === 1);
    const written = await rig.test.kafka.readTopic(inLane(rig.test.lane, fraudScore.topic));
    const { topic, partition, offset } = written.find(({ key }) => key?.toString() === 'bad')!;
    expect(rig.alerts[0]).toMatchObject({
      status: 'FIRING', rule: 'likely', severity: 'critical', value: 0.97, threshold: null, startsAt: NOON,
      labels: { rule: 'likely', severity: 'critical', lane: rig.test.lane, order: 'bad' },
      annotations: { summary: 'bad: 0.97' },
      evidence: [{ metricKey: 'fraud_score{order=bad}', value: 0.97, revision: 4, windowStart: NOON, sourceOffsets: [{ topic, partition, firstOffset: offset, lastOffset: offset }, ...evidence] }],
    });
    expect(await (await fetch(`${service.url}/rules`)).json()).toMatchObject({ rules: [{ name: 'likely', kind: 'order', when: 'decision == "DECLINE" && score >= 0.9' }] });
  });

  it('a corrected score resolves the alert, and reading all of it again after a kill changes nothing', async () => {
    const first = await spawn();
    await publish(declined('a'), declined('b'));
    await until('both fire', () => rig.alerts.length === 2);
    await first.end('SIGKILL');
    await publish({ orderId: 'a', revision: 2, score: 0.2 });
    const second = await spawn();
    await until('the correction resolves it', () => rig.alerts.length === 3);
    await second.end();
    await forgetOffsets();
    const { url } = await spawn();
    await until('everything is read again', async () => /ruler_scores_total\{[^}]*\} 3\b/.test(await (await fetch(`${url}/metrics`)).text()));
    // A job that was restarted writes an older score once more.
    await publish(declined('a'), declined('last', { minute: 1 }));
    await until('all is read', async () => /ruler_scores_total\{[^}]*\} 5\b/.test(await (await fetch(`${url}/metrics`)).text()));
    await until('what came after is told', () => story().includes('FIRING last'));
    const { alerts } = (await (await fetch(`${url}/alerts`)).json()) as { alerts: AlertEvent[] };
    expect(alerts.map(({ labels }) => labels['order']).sort()).toEqual(['b', 'last']);
    expect(story().slice(0, 2).sort()).toEqual(['FIRING a', 'FIRING b']);
    expect(story().slice(2)).toEqual(['RESOLVED a', 'FIRING last']);
    expect(rig.alerts[2]).toMatchObject({ value: 0.2, startsAt: NOON, endsAt: NOON });
  });

  it('counts by customer and over all, until event time has moved on in every partition', async () => {
    await rig.writeRules(CUSTOMER + VOLUME);
    await start();
    await publish(reviewed('eve', 0), reviewed('eve', 4), reviewed('bob', 5));
    await until('three are counted by both rules', async () => (await rows('ruler_orders')) === 6);
    await publish(reviewed('eve', 8));
    await until('both fire', () => heard('customer').length === 1 && heard('volume').length === 1);
    await publish(reviewed('eve', 9));
    await until('the fifth is counted', async () => (await rows('ruler_orders')) === 10);
    expect(heard('customer')[0]).toMatchObject({ status: 'FIRING', value: 3, threshold: 3, startsAt: NOON + 8 * MINUTE, labels: { customer: 'eve' } });
    expect(heard('customer')[0]?.evidence.map(({ windowStart }) => (windowStart - NOON) / MINUTE)).toEqual([0, 4, 8]);
    expect(heard('volume')[0]).toMatchObject({ value: 4, threshold: 4, startsAt: NOON + 8 * MINUTE });
    await come(15);
    await until('both are resolved', () => rig.alerts.length === 4);
    expect(heard('customer')[1]).toMatchObject({ status: 'RESOLVED', value: 2, endsAt: NOON + 14 * MINUTE });
    expect(heard('volume')[1]).toMatchObject({ status: 'RESOLVED', value: 3, endsAt: NOON + 14 * MINUTE });
  });

  it('forgets what is too old to matter', async () => {
    await start();
    await publish(declined('a'));
    await until('it fires', () => rig.alerts.length === 1);
    await come(60);
    await until('it is over', () => story().includes('RESOLVED a'));
    await come(80);
    await until('nothing of it is left', async () => (await rows('ruler_orders')) + (await rows('ruler_order_groups')) + (await rows('ruler_alerts')) === 0);
    await publish(declined('a', { revision: 2 }), declined('b', { minute: 80 }));
    await until('the newer order fires', () => story().includes('FIRING b'));
    expect(story()).toEqual(['FIRING a', 'RESOLVED a', 'FIRING b']);
  });

  it('holds back what is more than may fire at a time', async () => {
    await rig.writeRules(LIKELY.replace('by: [order]', 'by: [order], maxFiring: 2'));
    const service = await start();
    await publish(...[1, 2, 3, 4, 5].map((minute) => declined(`o${minute}`, { minute })));
    const metrics = async (): Promise<string> => (await fetch(`${service.url}/metrics`)).text();
    await until('the others are held back', async () => /millrace_ruler_held_back_total\{[^}]*rule="likely"[^}]*\} 3\b/.test(await metrics()));
    await come(200);
    await until('those that fired are over', () => story().filter((line) => line.startsWith('RESOLVED')).length === 2);
    expect(story().filter((line) => line.startsWith('FIRING'))).toHaveLength(2);
  });

  it('other rules end the alerts that they do not mean, and only those', async () => {
    await rig.writeRules(LIKELY + CUSTOMER);
    await start();
    await publish(declined('a'), reviewed('eve', 0), reviewed('eve', 1), reviewed('eve', 2));
    await until('both fire', () => rig.alerts.length === 2);
    await rig.writeRules(LIKELY + CUSTOMER.replace('atLeast: 3', 'atLeast: 4'));
    await until('the changed rule ends its alert', () => rig.alerts.length === 3);
    await publish({ orderId: 'a', revision: 2 });
    await until('the other goes on till its correction', () => rig.alerts.length === 4);
    expect(story().slice(2)).toEqual(['RESOLVED eve', 'RESOLVED a']);
  });

  it('where events happen now, the clock ends an alert although no score comes', async () => {
    await rig.writeRules(LIKELY.replace('by: [order]', 'by: [order], within: 1s'));
    await start({ MILLRACE_RULER_CLOCK_LANES: rig.test.lane, MILLRACE_RULER_SPARK_JOBS: 'none' });
    await publish(declined('a', { occurredAt: Date.now() }));
    await until('it is over', () => story().length === 2);
    expect(story()).toEqual(['FIRING a', 'RESOLVED a']);
  });
});
