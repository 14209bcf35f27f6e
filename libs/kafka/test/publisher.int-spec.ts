import { describe, jest } from '@jest/globals';
import { createKafka } from '@millrace/kafka';
import { leaderMoveContract } from './contract/leader-move.contract.js';
import { publisherContract } from './contract/publisher.contract.js';

jest.setTimeout(90_000);

describe('publisher over kafkajs', () => {
  publisherContract(createKafka);
  leaderMoveContract(createKafka);
});
