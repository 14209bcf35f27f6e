import { describe, jest } from '@jest/globals';
import { createKafka } from '@millrace/kafka';
import { leaderMoveContract } from './contract/leader-move.contract.js';
import { publisherContract } from './contract/publisher.contract.js';

jest.setTimeout(90_000);

describe('publisher over kafkajs', () => {
  // One of its topics has a subject of its own.
  publisherContract((settings) => createKafka({ ...settings, registryMode: 'register' }));
  leaderMoveContract(createKafka);
});
