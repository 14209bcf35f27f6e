import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { clickEvent } from '@millrace/contracts';
import { createKafka, InfrastructureError } from '@millrace/kafka';
import { makeClick } from '@millrace/testing';
import kafkajs from 'kafkajs';
import { deleteRecords } from './contract/gap.contract.js';
import { Stage } from './contract/stage.js';

jest.setTimeout(60_000);

describe('readEvent', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = new Stage(createKafka);
    await stage.createTopic(1);
  });
  afterEach(async () => {
    await stage.end();
  });

  it('gives the event at one place in the middle of a batch', async () => {
    const clicks = Array.from({ length: 40 }, () => makeClick({ visitorId: 'same' }));
    await stage.publish(clicks);
    const lying = await stage.kafka.readTopic(stage.topic);
    const { partition, offset } = lying[23]!;
    const read = await stage.kafka.readEvent(clickEvent, { partition, offset });
    expect(read?.event).toEqual(clicks[23]);
    expect(read).toMatchObject({ topic: stage.topic, partition, offset, key: 'same' });
  });

  it('says null of a place that retention has deleted, and still reads what lies after it in the same batch', async () => {
    await stage.publish(Array.from({ length: 60 }, () => makeClick({ visitorId: 'same' })));
    const { partition } = (await stage.kafka.readTopic(stage.topic))[0]!;
    await deleteRecords(stage, 50);
    expect(await stage.kafka.readEvent(clickEvent, { partition, offset: 49 })).toBeNull();
    expect((await stage.kafka.readEvent(clickEvent, { partition, offset: 50 }))?.offset).toBe(50);
  });

  it('says null of a place behind the end, of a partition and of a topic that are not there', async () => {
    await stage.publish([makeClick()]);
    expect(await stage.kafka.readEvent(clickEvent, { partition: 0, offset: 9_999 })).toBeNull();
    expect(await stage.kafka.readEvent(clickEvent, { partition: 17, offset: 0 })).toBeNull();
    const admin = await stage.kafka.admin();
    await admin.deleteTopics([stage.topic]);
    await admin.close();
    expect(await stage.kafka.readEvent(clickEvent, { partition: 0, offset: 0 })).toBeNull();
  });

  it('leaves no consumer group behind', async () => {
    await stage.publish([makeClick()]);
    const admin = await stage.kafka.admin();
    const before = await admin.listGroups();
    await stage.kafka.readEvent(clickEvent, { partition: 0, offset: 0 });
    expect((await admin.listGroups()).filter((group) => !before.includes(group))).toEqual([]);
    await admin.close();
  });

  it('throws where Kafka does not answer', async () => {
    const kafka = stage.connect({ brokers: ['127.0.0.1:1'] });
    await expect(kafka.readEvent(clickEvent, { partition: 0, offset: 0 }, 3_000)).rejects.toBeInstanceOf(InfrastructureError);
  });
});

describe('nextRecords', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = new Stage(createKafka);
    await stage.createTopic(1);
  });
  afterEach(async () => {
    await stage.end();
  });
  const at = (...offsets: number[]): Promise<(number | undefined)[]> =>
    stage.kafka.nextRecords(offsets.map((offset) => ({ topic: stage.topic, partition: 0, offset }))).then((records) => records.map((record) => record?.offset));

  it('gives the record at each place, and none behind the end or before the beginning', async () => {
    await stage.publish(Array.from({ length: 60 }, () => makeClick({ visitorId: 'same' })));
    await deleteRecords(stage, 50);
    expect(await at(55, 60, 49, 50)).toEqual([55, undefined, undefined, 50]);
    const [stored] = await stage.kafka.readTopic(stage.topic);
    expect(await stage.kafka.nextRecords([{ topic: stage.topic, partition: 0, offset: 50 }])).toEqual([stored]);
    expect(await stage.kafka.nextRecords([])).toEqual([]);
  });

  it('passes over the marks of transactions', async () => {
    const client = new kafkajs.Kafka({ brokers: [...stage.kafka.settings.brokers], logLevel: kafkajs.logLevel.NOTHING });
    const producer = client.producer({ transactionalId: stage.lane, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const key of ['a', 'b']) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: stage.topic, messages: [{ key, value: key }] });
      await transaction.commit();
    }
    await producer.disconnect();
    expect(await at(0, 1, 2, 3)).toEqual([0, 2, 2, undefined]);
  });
});
