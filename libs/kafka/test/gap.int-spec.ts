import { describe, jest } from '@jest/globals';
import { createKafka } from '@millrace/kafka';
import { gapContract } from './contract/gap.contract.js';

jest.setTimeout(60_000);

describe('gaps over kafkajs', () => {
  gapContract(createKafka);
});
