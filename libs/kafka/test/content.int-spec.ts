import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createKafka } from '@millrace/kafka';
import { DeadLetterWriter } from '../src/consumer/dead-letter.writer.js';
import { contentContract, loseLetterTopic, wrongWithoutLetterTopic } from './contract/content.contract.js';
import { Stage } from './contract/stage.js';

jest.setTimeout(60_000);

describe('bad records over kafkajs', () => {
  contentContract(createKafka);

  describe('F19: the check goes red', () => {
    let stage: Stage;
    beforeEach(() => { stage = new Stage(createKafka); });
    afterEach(async () => {
      jest.restoreAllMocks();
      await stage.end();
    });

    it('for a consumer that goes on although its dead letter failed', async () => {
      // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its own `this`
      const { write } = DeadLetterWriter.prototype;
      jest.spyOn(DeadLetterWriter.prototype, 'write').mockImplementation(function goOn(this: DeadLetterWriter) { return write.call(this).catch(() => undefined); });
      const wrong = wrongWithoutLetterTopic(await loseLetterTopic(stage));
      expect(wrong).toEqual(['nobody was told', expect.stringContaining('records behind the bad one'), expect.stringMatching(/^lost: bad-/)]);
    }, 120_000);
  });
});
