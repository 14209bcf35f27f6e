import { describe, jest } from '@jest/globals';
import { createKafka } from '@millrace/kafka';
import { contentContract } from './contract/content.contract.js';

jest.setTimeout(60_000);

describe('bad records over kafkajs', () => {
  contentContract(createKafka);
});
