import type { EventContract } from '@millrace/contracts';

/** Where a record came to lie. Offsets stay below 2^53 in any topic that fits a disk. */
export interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export type Headers = Readonly<Record<string, Buffer | string>>;

/** Headers as Kafka allows them: a key may occur more than once. */
export type RawHeaders = Readonly<Record<string, Buffer | string | readonly (Buffer | string)[]>>;

export interface PublishOptions {
  /** W3C trace context to carry on; a new trace begins without one. */
  readonly traceparent?: string;
  /** Record timestamp in ms; the event's `occurredAt` is no default, the broker's time is. */
  readonly timestamp?: number;
}

/** A record that is already bytes: a dead letter, a late row, a deliberately corrupt event. */
export interface RawRecord {
  /** Topic as it is on the broker, with its lane. */
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: RawHeaders;
  readonly timestamp?: number;
  /** @default what Kafka's own partitioner picks for the key; 0 without a key */
  readonly partition?: number;
}

/** Writes events. One send in flight per partition, retries included; partitions in parallel. */
export interface EventPublisher {
  /**
   * Resolves when the record is in the log once. Rejects with `PublishError` by the deadline (default 30 s), when the event breaks its
   * contract, or when it is too large; with `SchemaUnregisteredError` or `SchemaRefusedError` where the registry lacks its schema: then
   * nothing was written. Waits where the buffer is full: callers that await have back-pressure.
   */
  publish<E>(contract: EventContract<E>, event: E, options?: PublishOptions): Promise<RecordPosition>;
  /** As `publish`, for many events at once; the cheapest way to write. Resolves when all are in the log, in the given order per key. */
  publishAll<E>(contract: EventContract<E>, events: readonly E[], options?: PublishOptions): Promise<void>;
  publishRaw(records: readonly RawRecord[]): Promise<RecordPosition[]>;
  /** Sends what is buffered, then disconnects. */
  close(): Promise<void>;
}

/** One decoded record and its place. */
export interface ConsumedEvent<E> extends RecordPosition {
  readonly event: E;
  readonly key: string;
  readonly headers: Headers;
  /** Record timestamp, ms. */
  readonly timestamp: number;
}

export interface BatchContext {
  readonly topic: string;
  readonly partition: number;
  /** Aborted when the partition is lost or the consumer stops: make no effect after it. */
  readonly signal: AbortSignal;
  /** Sets one record aside as a dead letter; its offset moves on with the batch. */
  readonly reject: (event: RecordPosition, detail: string) => void;
}

/**
 * Handles the decoded records of one partition in offset order. Resolve: the effects are durable, offsets may move. Throw
 * `InfrastructureError` (or anything with `retriable: true`): the batch is tried again with backoff, for ever. Throw anything else: the batch
 * is tried again, then record by record, and a record that keeps failing becomes a dead letter with reason `handler`.
 */
export type BatchHandler<E> = (events: readonly ConsumedEvent<E>[], context: BatchContext) => Promise<void>;

export interface Subscription<E> {
  readonly contract: EventContract<E>;
  handle(events: readonly ConsumedEvent<E>[], context: BatchContext): Promise<void>;
}

export interface ConsumerOptions {
  /** Group without its lane, such as `metrics-sink`. */
  readonly group: string;
  readonly subscriptions: readonly Subscription<unknown>[];
  /** Where a group without offsets begins. @default 'earliest' */
  readonly from?: 'earliest' | 'latest';
  /** Most records in one call of a handler. @default 1000 */
  readonly maxBatch?: number;
  /** A handler that has not settled by then is given up and counts as failed, in ms. @default 30000 */
  readonly handlerTimeoutMs?: number;
  /** Calls of a handler for one record before it is a dead letter. @default 3 */
  readonly handlerAttempts?: number;
  /** The group gives a silent member's partitions away after this, in ms. @default 10000 */
  readonly sessionTimeoutMs?: number;
  /** Lag without progress for so long is a stall, in ms. @default 60000 */
  readonly stallAfterMs?: number;
  /** First and longest pause between tries, in ms; it doubles. @default 200 to 10000 */
  readonly retry?: RetryPauses;
}

export interface RetryPauses {
  readonly initialMs: number;
  readonly maxMs: number;
}

/** Limits of a publisher; the defaults suit a service. */
export interface PublisherOptions {
  /** A record not in the log by then is rejected, in ms. @default 30000 */
  readonly deadlineMs?: number;
  /** Silence of the broker after which a request is given up and repeated on a new connection, in ms. @default 5000 */
  readonly requestTimeoutMs?: number;
  /** Bytes waiting in memory before `publish` waits. @default 33554432 */
  readonly maxBufferedBytes?: number;
  /** @default 1000 */
  readonly maxBatchRecords?: number;
  /** @default 1048576 */
  readonly maxBatchBytes?: number;
  /** Pause before a lone record is sent, for others to join it, in ms; those that come while a send is in flight join anyway. @default 0 */
  readonly lingerMs?: number;
}

/** What a consumer tells about itself; each is also in its metrics. */
export type ConsumerSignal =
  | { readonly type: 'assigned'; readonly partitions: readonly { readonly topic: string; readonly partition: number }[] }
  | { readonly type: 'gap'; readonly topic: string; readonly partition: number; readonly from: number; readonly to: number }
  | { readonly type: 'dead-letter'; readonly topic: string; readonly partition: number; readonly offset: number; readonly reason: string; readonly detail: string }
  | { readonly type: 'blocked'; readonly topic: string; readonly partition: number; readonly error: Error; readonly attempt: number }
  | { readonly type: 'stalled'; readonly topic: string; readonly partition: number; readonly lag: number; readonly forMs: number }
  | { readonly type: 'crashed'; readonly error: Error };

/** Reads events: effect, then offset; order per partition; a bad record stops nothing. */
export interface EventConsumer {
  /** Joins the group and begins; resolves once partitions are assigned. */
  start(): Promise<void>;
  /** Finishes the batches in hand, commits them, leaves the group. */
  stop(): Promise<void>;
  /** Calls `listener` with each signal; returns a function that ends it. */
  onSignal(listener: (signal: ConsumerSignal) => void): () => void;
  /** Records not yet handled, per partition; offsets that move while there is lag are liveness. */
  lag(): Promise<readonly { readonly topic: string; readonly partition: number; readonly lag: number }[]>;
  /** False once it has crashed, or stood still with lag for a minute. */
  isHealthy(): boolean;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** A record as it lies in the log. */
export interface StoredRecord extends RecordPosition {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RawHeaders;
  /** ms */
  readonly timestamp: number;
}

/** Topics, groups and offsets. */
export interface EventAdmin {
  /** Creates the missing ones; returns the names of those created. */
  createTopics(topics: readonly TopicSpec[]): Promise<string[]>;
  deleteTopics(names: readonly string[]): Promise<void>;
  listTopics(): Promise<string[]>;
  /** Waits for members that are leaving; a group that keeps one rejects with its name. Groups that are not there are no error. */
  deleteGroups(groups: readonly string[]): Promise<void>;
  listGroups(): Promise<string[]>;
  /** Next offset that the group would read, of every partition of which it has committed one; none for a group that is not there. */
  committedOffsets(group: string): Promise<readonly RecordPosition[]>;
  /** Settings in force of each topic, such as `retention.ms`. */
  topicSettings(topics: readonly string[]): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>>;
  /** First and next offset of every partition of the topic. */
  offsets(topic: string): Promise<readonly { readonly partition: number; readonly low: number; readonly high: number }[]>;
  close(): Promise<void>;
}

/** What becomes of a schema that the registry does not have: `read-only`: an error; `register`: it is registered, FULL_TRANSITIVE. */
export type RegistryMode = 'read-only' | 'register';

/** How to reach Kafka and the registry, and the lane that names follow. */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  /** @default 'read-only' */
  readonly registryMode?: RegistryMode;
  readonly lane: string;
  /** Name of the program; `ce_source` is `/millrace/<clientId>`. */
  readonly clientId: string;
  /** Where to connect instead of an address that a broker announces: a tunnel, or a proxy that injects faults. */
  readonly route?: (address: BrokerAddress) => BrokerAddress;
  /** Takes the client's own warnings and errors; signals and rejections carry all that matters. */
  readonly log?: (level: 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>) => void;
}

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/** The one way in: implemented over kafkajs in `createKafka`. Another client can be put under the same contract suite. */
export interface KafkaConnection {
  readonly settings: KafkaSettings;
  publisher(options?: PublisherOptions): Promise<EventPublisher>;
  consumer(options: ConsumerOptions): EventConsumer;
  admin(): Promise<EventAdmin>;
  /**
   * Every record of a topic up to its present end, undecoded, by partition and offset: dead letters, checks. All of it is held in memory.
   * Throws `InfrastructureError` where the end is not reached in time.
   * @param timeoutMs default 30000
   */
  readTopic(topic: string, timeoutMs?: number): Promise<readonly StoredRecord[]>;
  /** As `readTopic`, but holds none of the records: each goes to `visit`, in the order of its partition. For topics larger than memory. */
  scanTopic(topic: string, visit: (record: StoredRecord) => void, timeoutMs?: number): Promise<void>;
  /**
   * Of each place the first record at it or after it, undecoded; null where there is none, or the place is before the log's beginning. Marks of
   * transactions are no records. Throws `InfrastructureError` where Kafka does not answer in time.
   * @param timeoutMs default 10000, for all of them
   */
  nextRecords(places: readonly RecordPosition[], timeoutMs?: number): Promise<readonly (StoredRecord | null)[]>;
  /**
   * The event at one place of the contract's topic in this lane; null where the log no longer holds it. Throws `ContentError` where the record
   * cannot be read, `InfrastructureError` where Kafka or the registry does not answer in time.
   * @param timeoutMs default 10000
   */
  readEvent<E>(contract: EventContract<E>, place: { readonly partition: number; readonly offset: number }, timeoutMs?: number): Promise<ConsumedEvent<E> | null>;
}

/** Ties a contract to a handler of its type; a consumer takes any number of them. */
export function subscribe<E>(contract: EventContract<E>, handle: BatchHandler<E>): Subscription<E> {
  return { contract, handle };
}
