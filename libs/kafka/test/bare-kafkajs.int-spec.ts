import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import kafkajs, { type Consumer, type KafkaMessage, type Producer } from 'kafkajs';
import net from 'node:net';
import { createKafka } from '@millrace/kafka';
import { KAFKA_API, TcpProxy, judge, testKafka, testKafkaSettings, uniqueLane, uniqueName, until } from '@millrace/testing';
import { inLane } from '@millrace/contracts';
import { wrongWithPill } from './contract/consumer.contract.js';
import { FakeCluster } from './contract/fake-cluster.js';
import { deleteRecords, passedOver } from './contract/gap.contract.js';
import { clicksOf } from './contract/log.js';
import { Stage } from './contract/stage.js';

jest.setTimeout(60_000);

/**
 * Why libs/kafka does what it does: the checks of its own suite go red for kafkajs by itself. If one of these turns green, that part can go.
 */
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

  const read = async (consumer: Consumer, from: string, take: (message: KafkaMessage) => void): Promise<void> => {
    await consumer.connect();
    await consumer.subscribe({ topics: [from], fromBeginning: true });
    await consumer.run({ eachMessage: ({ message }) => { take(message); return Promise.resolve(); } });
  };

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

  it('F17: stops for good at a TypeError of the handler', async () => {
    const stage = new Stage(createKafka);
    await stage.createTopic(1);
    const sent = clicksOf(uniqueName('pill-'), 20, 1);
    await stage.publish(sent);
    const pill = sent[7]?.eventId ?? '';
    const done: string[] = [];
    const consumer = bare(settings.brokers).consumer({ groupId: inLane(stage.lane, 'bare') });
    const crash = new Promise<boolean>((resolve) => { consumer.on(consumer.events.CRASH, ({ payload }) => { resolve(payload.restart); }); });
    await read(consumer, stage.topic, (message) => {
      const id = String(message.headers?.['ce_id']);
      if (id === pill) throw new TypeError('undefined is not a function');
      done.push(id);
    });
    const alive = await crash;
    await consumer.disconnect();
    expect(wrongWithPill({ sent: sent.map(({ eventId }) => eventId), pill, done, letters: [], alive })).toEqual(['the consumer is dead', '12 events without effect', '0 dead letters']);
    await stage.end();
  });

  it('F26: passes over in silence what retention took', async () => {
    const stage = new Stage(createKafka);
    await stage.createTopic(1);
    const offsets: number[] = [];
    const readUntil = async (last: number): Promise<void> => {
      const consumer = bare(settings.brokers).consumer({ groupId: inLane(stage.lane, 'bare'), maxWaitTimeInMs: 100 });
      await read(consumer, stage.topic, ({ offset }) => { offsets.push(Number(offset)); });
      await until('the last event', () => offsets.at(-1) === last);
      await consumer.disconnect();
    };
    await stage.publish(clicksOf(uniqueName('old-'), 10, 1));
    await readUntil(9);
    await stage.publish(clicksOf(uniqueName('lost-'), 90, 1));
    await deleteRecords(stage, 50);
    await readUntil(99);
    expect(passedOver({ from: 10, to: 100, read: offsets, gaps: [] })).toEqual(Array.from({ length: 40 }, (_, index) => 10 + index));
    await stage.end();
  });
});
