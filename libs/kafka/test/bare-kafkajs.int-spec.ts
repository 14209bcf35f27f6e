import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import kafkajs, { type Producer } from 'kafkajs';
import net from 'node:net';
import { KAFKA_API, TcpProxy, judge, testKafka, testKafkaSettings, uniqueLane, uniqueName } from '@millrace/testing';
import { inLane } from '@millrace/contracts';
import { FakeCluster } from './contract/fake-cluster.js';

jest.setTimeout(60_000);

/** Why libs/kafka queues per partition: what kafkajs does by itself. If one of these turns green for kafkajs, that part can go. */
describe('bare kafkajs', () => {
  const lane = uniqueLane();
  const settings = testKafkaSettings(lane);
  const topic = inLane(lane, 'bare.v1');
  let proxy: TcpProxy;

  beforeAll(async () => {
    proxy = await TcpProxy.start(settings.brokers[0] ?? '');
    const admin = await testKafka(lane).kafka.admin();
    await admin.createTopics([{ name: topic, partitions: 1 }]);
    await admin.close();
  });

  afterAll(async () => {
    await proxy.close();
    await testKafka(lane).clean();
  });

  const bare = (brokers: readonly string[], route?: { readonly host: string; readonly port: number }): kafkajs.Kafka =>
    new kafkajs.Kafka({
      clientId: 'bare',
      brokers: [...brokers],
      requestTimeout: 1_000,
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { initialRetryTime: 50, retries: 20 },
      ...(route === undefined ? {} : { socketFactory: ({ onConnect }) => net.connect(route, onConnect) }),
    });

  const sendAtOnce = (producer: Producer, run: string): Promise<unknown> =>
    Promise.all(Array.from({ length: 20 }, (_, index) => producer.send({ topic, messages: [{ key: 'k', value: `${run}/k/${String(index)}` }] })));

  it('F5: loses an acknowledged record, or writes one twice, when one Produce response is lost', async () => {
    const run = uniqueName('bare-');
    const producer = bare(settings.brokers, proxy.address).producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    proxy.eatResponse(KAFKA_API.produce);
    await sendAtOnce(producer, run);
    await producer.disconnect();
    expect(proxy.bites.eaten).toBe(1);
    const ids = Array.from({ length: 20 }, (_, index) => `${run}/k/${String(index)}`);
    const stored = (await testKafka(lane).kafka.readTopic(topic)).map((record) => String(record.value));
    const place = (id: string): { id: string; key: string; sequence: number } => ({ id, key: run, sequence: Number(id.split('/')[2]) });
    const verdict = judge({ attempted: ids.map(place), acked: ids, arrived: stored.map(place) });
    expect(verdict.lost.length + verdict.duplicated.length).toBeGreaterThan(0);
  });

  it('F6: resolves without having written a partition whose leader moved between two tries', async () => {
    const cluster = await FakeCluster.start(2);
    cluster.lead([0, 1]);
    cluster.failNextProduce({ partition: 1, thenLead: [0, 0] });
    const producer = bare(cluster.addresses).producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    await producer.send({ topic: FakeCluster.topic, messages: [{ partition: 0, key: 'a', value: 'x' }, { partition: 1, key: 'b', value: 'y' }] });
    await producer.disconnect();
    await cluster.close();
    expect(cluster.failures).toBe(1);
    expect(cluster.log).toEqual([['x'], []]);
  });
});
