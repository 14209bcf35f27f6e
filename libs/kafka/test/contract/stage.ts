import { deadLetterTopic, inLane, clickEvent, type ClickEvent } from '@millrace/contracts';
import { subscribe, type BatchHandler, type ConsumerOptions, type ConsumerSignal, type EventConsumer, type KafkaConnection, type RawRecord, type StoredRecord } from '@millrace/kafka';
import { testKafka, testKafkaSettings, uniqueLane } from '@millrace/testing';
import type { CreateKafka } from './connect.js';
import { ceId } from './log.js';

export const GROUP = 'reader';

type Handle = BatchHandler<ClickEvent>;
type Signal<T extends ConsumerSignal['type']> = Extract<ConsumerSignal, { readonly type: T }>;

/** A consumer under test and all it said. */
export interface Listening {
  readonly consumer: EventConsumer;
  readonly signals: ConsumerSignal[];
  readonly of: <T extends ConsumerSignal['type']>(type: T) => Signal<T>[];
}

/** One lane with the clickstream in it, and consumers that are stopped when the test ends. */
export class Stage {
  readonly lane = uniqueLane();
  readonly topic = inLane(this.lane, clickEvent.topic);
  readonly letters = deadLetterTopic(this.lane, clickEvent.topic, GROUP);
  readonly kafka: KafkaConnection;
  readonly #running: EventConsumer[] = [];

  constructor(private readonly createKafka: CreateKafka) {
    this.kafka = createKafka(testKafkaSettings(this.lane));
  }

  /** Starts a consumer of the clickstream. */
  async listen(handle: Handle, options: Partial<ConsumerOptions> = {}, kafka: KafkaConnection = this.kafka): Promise<Listening> {
    const consumer = kafka.consumer({ group: GROUP, subscriptions: [subscribe(clickEvent, handle)], retry: { initialMs: 20, maxMs: 200 }, ...options });
    const signals: ConsumerSignal[] = [];
    consumer.onSignal((signal) => signals.push(signal));
    this.#running.push(consumer);
    await consumer.start();
    return { consumer, signals, of: (type) => signals.filter((signal): signal is Signal<typeof type> => signal.type === type) };
  }

  /** Another connection to the lane. */
  connect(settings: Partial<KafkaConnection['settings']>): KafkaConnection {
    return this.createKafka({ ...testKafkaSettings(this.lane), ...settings });
  }

  async publish(events: readonly ClickEvent[]): Promise<void> {
    const publisher = await this.kafka.publisher();
    await publisher.publishAll(clickEvent, events);
    await publisher.close();
  }

  async publishRaw(records: readonly RawRecord[]): Promise<void> {
    const publisher = await this.kafka.publisher();
    await publisher.publishRaw(records);
    await publisher.close();
  }

  /** Bytes of an event as a publisher writes it. */
  async bytesOf(event: ClickEvent): Promise<StoredRecord> {
    await this.publish([event]);
    const stored = (await this.kafka.readTopic(this.topic)).find((record) => ceId(record) === event.eventId);
    if (stored === undefined) throw new TypeError('the event is not in its topic');
    return stored;
  }

  readLetters(): Promise<readonly StoredRecord[]> {
    return this.kafka.readTopic(this.letters);
  }

  async createTopic(partitions: number): Promise<void> {
    const admin = await this.kafka.admin();
    await admin.createTopics([{ name: this.topic, partitions }]);
    await admin.close();
  }

  async end(): Promise<void> {
    await Promise.all(this.#running.map((consumer) => consumer.stop()));
    await testKafka(this.lane).clean();
  }
}

/** Reasons of dead letters in the order they lie. */
export function reasonsOf(letters: readonly StoredRecord[]): string[] {
  return letters.map((letter) => String(letter.headers['millrace_reason']));
}
