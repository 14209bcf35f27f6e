import { fetchSets, findJava, folderOf, loadConfig } from '@millrace/cli';
import { benchClients } from './clients.ts';
import type { Bench } from './row.ts';
import { onStack } from './stack.ts';

/** What the safety of libs/kafka costs, or gains, against the client under it and against Kafka's own. */
export const clients: Bench = {
  title: 'Kafka clients',
  run: (report) =>
    onStack(async () => {
      const config = loadConfig();
      await fetchSets(config, ['kafka'], report);
      report("bare kafkajs, libs/kafka and Kafka's own tools in turns, three times each …");
      const { MILLRACE_KAFKA_BROKERS: brokers = '', MILLRACE_REGISTRY_URL: registryUrl = '' } = process.env;
      return benchClients({ brokers: brokers.split(','), registryUrl, java: await findJava(config), jars: folderOf(config, 'kafka') });
    }),
};
