import { describe, jest } from '@jest/globals';
import { createKafka } from '@millrace/kafka';
import { codecContract } from './contract/codec.contract.js';

jest.setTimeout(60_000);

describe('foreign codecs over kafkajs', () => {
  codecContract(createKafka);
});
