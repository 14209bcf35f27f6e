import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import kafkajs from 'kafkajs';
import { createKafka } from '@millrace/kafka';
import { judge, makeClick, testKafkaSettings, uniqueName, until } from '@millrace/testing';
import { OffsetCommitter } from '../src/consumer/offset.committer.js';
import { consumerContract, stopMidway } from './contract/consumer.contract.js';
import { Stage } from './contract/stage.js';

jest.setTimeout(60_000);

describe('consumer over kafkajs', () => {
  consumerContract(createKafka);

  it('takes marks of transactions and aborted records for no lag: a topic that falls silent is not one that stands still', async () => {
    const stage = new Stage(createKafka);
    const raw = new kafkajs.Kafka({ brokers: [...testKafkaSettings(stage.lane).brokers], logLevel: kafkajs.logLevel.NOTHING });
    const producer = raw.producer({ transactionalId: uniqueName('marks-'), maxInFlightRequests: 1, idempotent: true });
    try {
      let handled = 0;
      const { consumer, of } = await stage.listen((events) => { handled += events.length; return Promise.resolve(); }, { stallAfterMs: 500 });
      const { key, value } = await stage.bytesOf(makeClick());
      const message = { key, value };
      await producer.connect();
      for (const end of ['commit', 'abort', 'commit'] as const) {
        const transaction = await producer.transaction();
        await transaction.send({ topic: stage.topic, messages: [message, message] });
        await transaction[end]();
      }
      await until('what was committed', () => handled === 5);
      await until('no lag', async () => (await consumer.lag()).every(({ lag }) => lag === 0));
      expect([of('stalled'), consumer.isHealthy()]).toEqual([[], true]);
    } finally {
      await producer.disconnect();
      await stage.end();
    }
  });

  describe('F2: the check goes red', () => {
    let stage: Stage;
    beforeEach(() => { stage = new Stage(createKafka); });
    afterEach(async () => {
      jest.restoreAllMocks();
      await stage.end();
    });

    it('for a consumer that leaves without a commit', async () => {
      jest.spyOn(OffsetCommitter.prototype, 'commitSoon').mockImplementation(() => undefined);
      expect(judge(await stopMidway(stage)).duplicated.length).toBeGreaterThanOrEqual(100);
    });
  });
});
