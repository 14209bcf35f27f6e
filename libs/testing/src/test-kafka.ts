import { createKafka, type KafkaConnection, type KafkaSettings } from '@millrace/kafka';
import { inLane } from '@millrace/contracts';
import { address } from './addresses.js';
import { uniqueLane } from './unique.names.js';

/** A connection to the test stack in a lane of its own. */
export interface TestKafka {
  readonly lane: string;
  readonly kafka: KafkaConnection;
  readonly settings: KafkaSettings;
  /** Another connection to the same lane, with other settings: a proxy, a registry that is down. */
  connect(settings: Partial<KafkaSettings>): KafkaConnection;
  /** Removes the lane's topics and groups. */
  clean(): Promise<void>;
}

/** Settings of the stack that the test environment names. */
export function testKafkaSettings(lane: string): KafkaSettings {
  return { brokers: address('MILLRACE_KAFKA_BROKERS').split(','), registryUrl: address('MILLRACE_REGISTRY_URL'), lane, clientId: 'test' };
}

export function testKafka(lane = uniqueLane()): TestKafka {
  const settings = testKafkaSettings(lane);
  const kafka = createKafka(settings);
  return { lane, kafka, settings, connect: (given) => createKafka({ ...settings, ...given }), clean: () => cleanLane(kafka, lane) };
}

async function cleanLane(kafka: KafkaConnection, lane: string): Promise<void> {
  const prefix = inLane(lane, '');
  const admin = await kafka.admin();
  try {
    await admin.deleteTopics((await admin.listTopics()).filter((topic) => topic.startsWith(prefix)));
    await admin.deleteGroups((await admin.listGroups()).filter((group) => group.startsWith(prefix)));
  } finally {
    await admin.close();
  }
}
