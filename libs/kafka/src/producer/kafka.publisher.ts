import type { Kafka, Message } from 'kafkajs';
import { inLane, subjectOf, type EventContract } from '@millrace/contracts';
import type { KafkaAdmin } from '../admin/kafka.admin.js';
import { contractTopic } from '../admin/topic-settings.js';
import { EventEncoder } from '../codec/event.encoder.js';
import type { RegistryClient } from '../codec/registry.client.js';
import { InfrastructureError, PublishError } from '../errors.js';
import type { EventPublisher, KafkaSettings, PublishOptions, PublisherOptions, RawRecord, RecordPosition } from '../port.js';
import { pause, untilDeadline } from '../timing.js';
import { EventHeaders, traceparentOf } from './event-headers.js';
import { MemoryGate } from './memory.gate.js';
import { partitionOf } from './murmur2.js';
import type { Receipt } from './partition.queue.js';
import { CountReceipt, PositionReceipt } from './receipts.js';
import { TopicWriters } from './topic.writers.js';

const LOOKUP_PAUSE_MS = 200;
/** Events encoded before others get their turn of the event loop. */
const CHUNK = 500;
/** About what keys, headers and the record itself add to a value. */
const RECORD_OVERHEAD_BYTES = 250;

export const PUBLISHER_DEFAULTS: Required<PublisherOptions> = {
  deadlineMs: 30_000,
  requestTimeoutMs: 5_000,
  maxBufferedBytes: 32 * 1024 * 1024,
  maxBatchRecords: 1_000,
  maxBatchBytes: 1024 * 1024,
  lingerMs: 0,
};

/** All that is needed to write events of one contract. */
interface Line<E> {
  readonly contract: EventContract<E>;
  readonly encoder: EventEncoder<E>;
  readonly headers: EventHeaders<E>;
  readonly writers: TopicWriters;
}

export class KafkaPublisher implements EventPublisher {
  readonly #gate: MemoryGate;
  readonly #topics = new Map<string, Promise<TopicWriters>>();
  readonly #lines = new Map<EventContract<unknown>, Promise<Line<unknown>>>();
  readonly #options: Required<PublisherOptions>;
  #closed = false;

  constructor(
    private readonly settings: KafkaSettings,
    private readonly kafka: Kafka,
    private readonly admin: KafkaAdmin,
    private readonly registry: RegistryClient,
    options: PublisherOptions,
  ) {
    this.#options = { ...PUBLISHER_DEFAULTS, ...options };
    this.#gate = new MemoryGate(this.#options.maxBufferedBytes);
  }

  async publish<E>(contract: EventContract<E>, event: E, options: PublishOptions = {}): Promise<RecordPosition> {
    const deadline = this.#deadline();
    const line = await this.#line(contract, deadline);
    line.encoder.check(event);
    if (!this.#gate.isOpen) await this.#room(contract.topic, deadline);
    const receipt = new PositionReceipt([line.writers.topic]);
    this.#add(line, event, traceparentOf(options.traceparent), options.timestamp, deadline, receipt, 0);
    const [position] = await receipt.done;
    if (position === undefined) throw new PublishError('deadline', contract.topic, 'no position', true);
    return position;
  }

  async publishAll<E>(contract: EventContract<E>, events: readonly E[], options: PublishOptions = {}): Promise<void> {
    const line = await this.#line(contract, this.#deadline());
    for (const event of events) line.encoder.check(event);
    const traceparent = traceparentOf(options.traceparent);
    const receipt = new CountReceipt(events.length);
    for (let start = 0; start < events.length; start += CHUNK) {
      const deadline = this.#deadline();
      if (!this.#gate.isOpen) await this.#room(contract.topic, deadline);
      for (const event of events.slice(start, start + CHUNK)) this.#add(line, event, traceparent, options.timestamp, deadline, receipt, 0);
    }
    await receipt.done;
  }

  async publishRaw(records: readonly RawRecord[]): Promise<RecordPosition[]> {
    const receipt = new PositionReceipt(records.map((record) => record.topic));
    const deadline = this.#deadline();
    for (const [index, record] of records.entries()) {
      const writers = await this.#writersOf(record.topic, deadline);
      if (!this.#gate.isOpen) await this.#room(record.topic, deadline);
      const partition = record.partition ?? (record.key === null ? 0 : partitionOf(record.key, writers.partitions));
      writers.add(rawMessage(record, partition), partition, rawBytes(record), deadline, receipt, index);
    }
    return receipt.done;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opened = await Promise.allSettled(this.#topics.values());
    await Promise.all(opened.map((topic) => (topic.status === 'fulfilled' ? topic.value.close() : Promise.resolve())));
    await this.admin.close();
  }

  #deadline(): number {
    return performance.now() + this.#options.deadlineMs;
  }

  #add<E>(line: Line<E>, event: E, traceparent: Buffer, timestamp: number | undefined, deadline: number, receipt: Receipt, index: number): void {
    const value = line.encoder.encode(event);
    const key = Buffer.from(line.contract.key(event));
    const partition = partitionOf(key, line.writers.partitions);
    const message: Message = { key, value, partition, headers: line.headers.of(event, traceparent) as NonNullable<Message['headers']> };
    if (timestamp !== undefined) message.timestamp = String(timestamp);
    line.writers.add(message, partition, key.length + value.length + RECORD_OVERHEAD_BYTES, deadline, receipt, index);
  }

  async #room(topic: string, deadline: number): Promise<void> {
    try {
      await untilDeadline(this.#gate.room(), deadline - performance.now());
    } catch (error) {
      throw new PublishError('deadline', topic, 'the buffer stayed full; this was not sent', false, error);
    }
  }

  async #line<E>(contract: EventContract<E>, deadline: number): Promise<Line<E>> {
    const key: EventContract<unknown> = contract;
    const held = this.#lines.get(key);
    if (held !== undefined && !this.#closed) return held as Promise<Line<E>>;
    const made = this.#open(contract, deadline);
    this.#lines.set(key, made);
    // A line that could not be opened is opened anew by the next call.
    made.catch(() => this.#lines.delete(key));
    return made;
  }

  async #open<E>(contract: EventContract<E>, deadline: number): Promise<Line<E>> {
    const topic = inLane(this.settings.lane, contract.topic);
    const schemaId = await this.#untilDeadline(topic, deadline, () => this.registry.idOf(subjectOf(contract.topic), contract.schema));
    const writers = await this.#writersOf(topic, deadline, contract);
    return { contract, encoder: new EventEncoder(contract, schemaId), headers: new EventHeaders(contract, this.settings.clientId), writers };
  }

  #writersOf<E>(topic: string, deadline: number, contract?: EventContract<E>): Promise<TopicWriters> {
    if (this.#closed) return Promise.reject(new PublishError('closed', topic, 'the publisher is closed'));
    const held = this.#topics.get(topic);
    if (held !== undefined) return held;
    const made = this.#untilDeadline(topic, deadline, async () => {
      if (contract !== undefined) await this.admin.createTopics([contractTopic(this.settings.lane, contract)]);
      const partitions = (await this.admin.offsets(topic)).length;
      const { maxBatchRecords, maxBatchBytes, lingerMs, requestTimeoutMs } = this.#options;
      return new TopicWriters(topic, partitions, this.kafka, { maxBatchRecords, maxBatchBytes, lingerMs }, requestTimeoutMs, this.#gate);
    });
    this.#topics.set(topic, made);
    made.catch(() => this.#topics.delete(topic));
    return made;
  }

  /** Tries again while what it needs is away. */
  async #untilDeadline<T>(topic: string, deadline: number, work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof InfrastructureError)) throw error;
        if (performance.now() + LOOKUP_PAUSE_MS >= deadline) throw new PublishError('deadline', topic, error.message, false, error);
        await pause(LOOKUP_PAUSE_MS);
      }
    }
  }
}

function rawMessage(record: RawRecord, partition: number): Message {
  const message: Message = { key: record.key, value: record.value, partition };
  if (record.headers !== undefined) message.headers = record.headers as NonNullable<Message['headers']>;
  if (record.timestamp !== undefined) message.timestamp = String(record.timestamp);
  return message;
}

function rawBytes(record: RawRecord): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0) + RECORD_OVERHEAD_BYTES;
}
