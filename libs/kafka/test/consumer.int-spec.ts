import { describe, jest } from '@jest/globals';
import { createKafka } from '@millrace/kafka';
import { consumerContract } from './contract/consumer.contract.js';

jest.setTimeout(60_000);

describe('consumer over kafkajs', () => {
  consumerContract(createKafka);
});
