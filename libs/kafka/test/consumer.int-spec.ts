import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createKafka } from '@millrace/kafka';
import { judge } from '@millrace/testing';
import { OffsetCommitter } from '../src/consumer/offset.committer.js';
import { consumerContract, stopMidway } from './contract/consumer.contract.js';
import { Stage } from './contract/stage.js';

jest.setTimeout(60_000);

describe('consumer over kafkajs', () => {
  consumerContract(createKafka);

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
