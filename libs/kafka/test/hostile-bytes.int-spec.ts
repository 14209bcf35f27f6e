import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createKafka } from '@millrace/kafka';
import { AvroCursor } from '../src/codec/avro-cursor.js';
import { DeadLetterWriter } from '../src/consumer/dead-letter.writer.js';
import { corpusOf, hostileBytesContract, sendAll, wrongFates } from './contract/hostile-bytes.contract.js';
import { Stage } from './contract/stage.js';

jest.setTimeout(60_000);

describe('hostile bytes over kafkajs', () => {
  hostileBytesContract(createKafka);

  describe('F12: the check goes red', () => {
    let stage: Stage;
    beforeEach(() => { stage = new Stage(createKafka); });
    afterEach(async () => {
      jest.restoreAllMocks();
      await stage.end();
    });
    const wrong = async (): Promise<string[]> => wrongFates(await sendAll(stage, (await corpusOf(stage)).cases));

    it('for a consumer that changes one byte of a dead letter', async () => {
      // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its own `this`
      const { take } = DeadLetterWriter.prototype;
      jest.spyOn(DeadLetterWriter.prototype, 'take').mockImplementation(function flipOne(this: DeadLetterWriter, letters) {
        take.call(this, letters.map((letter) => ({ ...letter, message: { ...letter.message, value: flipped(letter.message.value) } })));
      });
      expect(await wrong()).toContain('gzip: the dead letter has other bytes');
    });

    it('for a consumer that drops its dead letters', async () => {
      jest.spyOn(DeadLetterWriter.prototype, 'write').mockResolvedValue();
      expect(await wrong()).toContain('JSON: lost, not undecodable');
    });

    it('for a decoder that takes a string for what it is not', async () => {
      jest.spyOn(AvroCursor.prototype, 'skipString').mockImplementation(function believe(this: AvroCursor) {
        const length = this.readLength();
        this.skipBytes(length);
        return this.position - length;
      });
      expect(await wrong()).toEqual(expect.arrayContaining(['a string that is not UTF-8: good, not undecodable', 'a surrogate in UTF-8: good, not undecodable']));
    });
  });
});

function flipped(value: Buffer | null): Buffer | null {
  if (value === null || value.length === 0) return value;
  const copy = Buffer.from(value);
  copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1;
  return copy;
}
