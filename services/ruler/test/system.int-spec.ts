import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { clickEvent, inLane, type AlertEvent } from '@millrace/contracts';
import { subscribe, type EventConsumer } from '@millrace/kafka';
import { startService, type RunningService } from '@millrace/service-kit';
import { makeClick, until } from '@millrace/testing';
import kafkajs from 'kafkajs';
import { ruler } from '../src/ruler.definition.js';
import { RulerRig } from './ruler-rig.js';

jest.setTimeout(120_000);

const RETENTION_MS = 1_800_000;
const ALL = 'window: 1m, match: { group: "*", topic: "*" }';
const RULES = `
  - { name: near, kind: threshold, metric: time_to_data_loss, ${ALL}, is: "<", value: 3600, severity: critical }
  - { name: lost, kind: threshold, metric: time_to_data_loss, ${ALL}, is: "<=", value: 0, severity: critical }
  - { name: lags, kind: threshold, metric: consumer_lag, ${ALL}, is: ">=", value: 5 }
  - { name: slow, kind: threshold, metric: batch_duration, window: 1m, match: { job: "*" }, is: ">", value: 10 }
  - { name: stale, kind: threshold, metric: freshness, window: 1m, is: ">", value: 600 }
`;

describe('rules about the running system', () => {
  let rig: RulerRig;
  let topic: string;
  let page = '';
  let server: Server;
  const services: RunningService[] = [];
  const readers: EventConsumer[] = [];

  const start = async (): Promise<RunningService> => {
    const service = await startService(ruler, {
      ...rig.env,
      MILLRACE_RULER_CLOCK_LANES: rig.test.lane,
      MILLRACE_RULER_PROBE_MS: '200',
      MILLRACE_RULER_SPARK_JOBS: `spark=http://127.0.0.1:${String((server.address() as AddressInfo).port)}/metrics,gone=http://127.0.0.1:1/metrics`,
      MILLRACE_LOG_LEVEL: 'fatal',
    });
    services.push(service);
    return service;
  };
  /** Publishes clicks of one visitor; all lie in one partition. */
  const publish = (count: number): Promise<void> => rig.publisher.publishAll(clickEvent, Array.from({ length: count }, () => makeClick({ visitorId: 'same' })));
  /** Reads the clicks as the group `reader` until it has read so many. */
  const read = async (count: number): Promise<void> => {
    let seen = 0;
    const reader = rig.test.kafka.consumer({ group: 'reader', subscriptions: [subscribe(clickEvent, (events) => { seen += events.length; return Promise.resolve(); })] });
    readers.push(reader);
    await reader.start();
    await until('the clicks are read', () => seen === count);
    await reader.stop();
  };
  const heard = (rule: string): AlertEvent[] => rig.alerts.filter((alert) => alert.rule === rule);
  const statuses = (rule: string): string[] => heard(rule).map(({ status }) => status);

  beforeEach(async () => {
    rig = await RulerRig.open(RULES);
    topic = inLane(rig.test.lane, clickEvent.topic);
    const admin = await rig.test.kafka.admin();
    await admin.createTopics([{ name: topic, partitions: 1, config: { 'retention.ms': String(RETENTION_MS) } }]);
    await admin.close();
    page = '';
    server = createServer((_, response) => { response.end(page); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  });
  afterEach(async () => {
    for (const service of services.splice(0)) await service.stop();
    await Promise.all(readers.splice(0).map((reader) => reader.stop()));
    await new Promise((resolve) => { server.close(resolve); });
    await rig.close();
  });

  it('a group that stopped reading is near to data loss, with the offsets, until it reads on', async () => {
    await publish(10);
    await read(10);
    await publish(7);
    const service = await start();
    await until('both alerts fire', () => heard('near').length === 1 && heard('lags').length === 1);
    const offsets = [{ topic, partition: 0, firstOffset: 10, lastOffset: 16 }];
    expect(heard('lags')[0]).toMatchObject({ status: 'FIRING', value: 7, labels: { group: 'reader', topic: clickEvent.topic } });
    expect(heard('lags')[0]?.evidence.at(-1)).toMatchObject({ metricKey: 'consumer_lag{group=reader,topic=shop.clickstream.v1}', value: 7, sourceOffsets: offsets });
    expect(heard('near')[0]).toMatchObject({ status: 'FIRING', threshold: 3_600, labels: { group: 'reader', topic: clickEvent.topic } });
    expect(heard('near')[0]?.evidence.at(-1)?.sourceOffsets).toEqual(offsets);
    expect(heard('near')[0]?.value).toBeLessThanOrEqual(RETENTION_MS / 1_000);
    expect(heard('near')[0]?.value).toBeGreaterThan(0);
    await read(7);
    await until('both are resolved', () => heard('near').length === 2 && heard('lags').length === 2);
    expect([statuses('near'), statuses('lags'), statuses('lost')]).toEqual([['FIRING', 'RESOLVED'], ['FIRING', 'RESOLVED'], []]);
    // A job that cannot be reached is no trouble of the ruler's.
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
  });

  it('says 0 once retention has taken what was not read', async () => {
    await publish(10);
    await read(10);
    await publish(10);
    await deleteRecords(15);
    await start();
    await until('the loss is told', () => heard('lost').length === 1);
    expect(heard('lost')[0]).toMatchObject({ value: 0, labels: { group: 'reader' } });
    expect(heard('lost')[0]?.evidence.at(-1)?.sourceOffsets).toEqual([{ topic, partition: 0, firstOffset: 10, lastOffset: 19 }]);
    expect(heard('lags')[0]?.value).toBe(5);
  });

  it('a Spark job says itself how far it is and how long its batches take', async () => {
    await publish(10);
    const lane = `lane="${rig.test.lane}"`;
    const pageOf = (batches: number, seconds: number, lag: number): string =>
      `millrace_spark_batch_seconds_count{${lane},part="all"} ${batches}\nmillrace_spark_batch_seconds_sum{${lane},part="all"} ${seconds}\n` +
      `millrace_spark_lag_records{${lane},partition="0",topic="${clickEvent.topic}"} ${lag}\n`;
    page = pageOf(3, 6, 8);
    await start();
    await until('the lag is told', () => heard('lags').length === 1 && heard('near').length === 1);
    expect(heard('lags')[0]).toMatchObject({ value: 8, labels: { group: 'spark', topic: clickEvent.topic } });
    expect(heard('near')[0]?.evidence.at(-1)?.sourceOffsets).toEqual([]);
    page = pageOf(5, 46, 0);
    await until('batches are slow, and there is no lag', () => heard('slow').length === 1 && heard('lags').length === 2);
    expect(heard('slow')[0]).toMatchObject({ status: 'FIRING', value: 20, labels: { job: 'spark' } });
  });

  it('windows that end long ago are stale, until newer ones come', async () => {
    const now = Date.now();
    const end = (windowEnd: number): Promise<void> => rig.publish({ 0: 50 }, { windowStart: windowEnd - 60_000, windowEnd, watermark: null, computedAt: now });
    await start();
    await end(now - 900_000);
    await until('it is stale', () => statuses('stale').length === 1);
    await end(now);
    await until('it is fresh', () => statuses('stale').length === 2);
    expect(heard('stale')[0]?.value).toBeGreaterThanOrEqual(900);
  });

  async function deleteRecords(before: number): Promise<void> {
    const admin = new kafkajs.Kafka({ brokers: [...rig.test.settings.brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    // Only then it knows the topic's leaders.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(before) }] });
    await admin.disconnect();
  }
});
