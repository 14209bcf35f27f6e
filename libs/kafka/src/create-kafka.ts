import { inLane, parseLane, type EventContract } from '@millrace/contracts';
import { KafkaAdmin } from './admin/kafka.admin.js';
import { readNext, readPlace } from './admin/place.reader.js';
import { readTopic, scanTopic, stored } from './admin/topic.reader.js';
import { EventDecoder } from './codec/event.decoder.js';
import { RegistryClient } from './codec/registry.client.js';
import { Positions } from './consumer/assignment.js';
import { KafkaConsumer } from './consumer/kafka.consumer.js';
import { LaneFactory } from './consumer/lane.factory.js';
import { Membership } from './consumer/membership.js';
import { RecordReader } from './consumer/record.reader.js';
import { RETRY_DEFAULTS } from './consumer/retrying.js';
import { SignalHub } from './consumer/signal.hub.js';
import { createClient } from './kafkajs.client.js';
import type { ConsumedEvent, ConsumerOptions, EventConsumer, KafkaConnection, KafkaSettings, PublisherOptions } from './port.js';
import { KafkaPublisher, PUBLISHER_DEFAULTS } from './producer/kafka.publisher.js';

const ASK_TIMEOUT_MS = 10_000;
const READ_TIMEOUT_MS = 30_000;
const ASK_RETRY = { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000 };
/** A dead letter that cannot be written shows as `blocked` after this long, in ms. */
const LETTER_DEADLINE_MS = 10_000;
/** Share of the session timeout for which an answered heartbeat is trusted. */
const LEASE_SHARE = 0.8;

const CONSUMER_DEFAULTS: Omit<Required<ConsumerOptions>, 'group' | 'subscriptions'> = {
  from: 'earliest',
  maxBatch: 1_000,
  handlerTimeoutMs: 30_000,
  handlerAttempts: 3,
  sessionTimeoutMs: 10_000,
  stallAfterMs: 60_000,
  retry: RETRY_DEFAULTS,
};

/** Opens the port over kafkajs. Nothing is connected before it is used. */
export function createKafka(settings: KafkaSettings): KafkaConnection {
  parseLane(settings.lane);
  const registry = new RegistryClient(settings.registryUrl, settings.registryMode ?? 'read-only');
  const newAdmin = (): KafkaAdmin => new KafkaAdmin(() => createClient(settings, { requestTimeoutMs: ASK_TIMEOUT_MS, retry: ASK_RETRY }).admin());
  const publisher = async (options: PublisherOptions = {}): Promise<KafkaPublisher> => {
    const requestTimeoutMs = options.requestTimeoutMs ?? PUBLISHER_DEFAULTS.requestTimeoutMs;
    const kafka = createClient(settings, { requestTimeoutMs, retry: { retries: 1, initialRetryTime: 50, maxRetryTime: 1_000 } });
    const admin = newAdmin();
    await admin.connect();
    return new KafkaPublisher(settings, kafka, admin, registry, options);
  };
  return {
    settings,
    publisher,
    consumer: (given: ConsumerOptions): EventConsumer => {
      const options = { ...CONSUMER_DEFAULTS, ...given };
      const signals = new SignalHub();
      const membership = new Membership(options.sessionTimeoutMs * LEASE_SHARE);
      const admin = newAdmin();
      const lanes = new LaneFactory(settings, options, admin, registry, membership, signals, () => publisher({ deadlineMs: LETTER_DEADLINE_MS }));
      const kafka = createClient(settings, { requestTimeoutMs: ASK_TIMEOUT_MS, retry: ASK_RETRY });
      return new KafkaConsumer({ settings, options, kafka, admin, membership, signals, positions: new Positions(), lanes });
    },
    admin: async () => {
      const admin = newAdmin();
      await admin.connect();
      return admin;
    },
    readTopic: (topic, timeoutMs = READ_TIMEOUT_MS) =>
      readTopic(createClient(settings, { requestTimeoutMs: ASK_TIMEOUT_MS, retry: ASK_RETRY }), newAdmin(), topic, timeoutMs),
    scanTopic: (topic, visit, timeoutMs = READ_TIMEOUT_MS) =>
      scanTopic(createClient(settings, { requestTimeoutMs: ASK_TIMEOUT_MS, retry: ASK_RETRY }), newAdmin(), topic, timeoutMs, visit),
    nextRecords: async (places, timeoutMs = ASK_TIMEOUT_MS) => {
      if (places.length === 0) return [];
      const messages = await readNext(createClient(settings, { requestTimeoutMs: ASK_TIMEOUT_MS, retry: ASK_RETRY }), places, timeoutMs);
      return places.map(({ topic, partition }, index) => (messages[index] ? stored(topic, partition, messages[index]) : null));
    },
    readEvent: (contract, place, timeoutMs = ASK_TIMEOUT_MS) =>
      readEvent(settings, registry, contract, { ...place, timeoutMs }),
  };
}

async function readEvent<E>(
  settings: KafkaSettings,
  registry: RegistryClient,
  contract: EventContract<E>,
  { partition, offset, timeoutMs }: { readonly partition: number; readonly offset: number; readonly timeoutMs: number },
): Promise<ConsumedEvent<E> | null> {
  const topic = inLane(settings.lane, contract.topic);
  const kafka = createClient(settings, { requestTimeoutMs: ASK_TIMEOUT_MS, retry: ASK_RETRY });
  const message = await readPlace(kafka, { topic, partition, offset }, timeoutMs);
  return message === null ? null : new RecordReader(new EventDecoder(contract, registry), topic, partition).readOne(message);
}
