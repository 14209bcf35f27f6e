import { benchClients } from './clients.ts';
import type { Bench } from './row.ts';
import { onStack } from './stack.ts';

/** What the safety of libs/kafka costs, or gains, against the client under it. */
export const clients: Bench = {
  title: 'Kafka clients',
  run: (report) =>
    onStack(() => {
      report('bare kafkajs and libs/kafka in turns, 100,000 events three times each …');
      const { MILLRACE_KAFKA_BROKERS: brokers = '', MILLRACE_REGISTRY_URL: registryUrl = '' } = process.env;
      return benchClients({ brokers: brokers.split(','), registryUrl });
    }),
};
