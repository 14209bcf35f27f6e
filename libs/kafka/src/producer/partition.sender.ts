import type { Kafka, Message, Producer, RecordMetadata } from 'kafkajs';
import { PublishError } from '../errors.js';
import { protocolErrorOf, rootCause } from '../kafkajs.client.js';
import { asOnePartition } from '../internals/one-partition.js';
import { pause, untilDeadline } from '../timing.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
/** The broker no longer accepts this producer's sequence: what became of an earlier try cannot be known. */
const IDENTITY_LOST = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH', 'DUPLICATE_SEQUENCE_NUMBER', 'PRODUCER_FENCED']);
const REFUSED = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_TIMESTAMP',
  'INVALID_RECORD',
  'INVALID_REQUIRED_ACKS',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'POLICY_VIOLATION',
]);

/** The batch was not written because it is too large as a whole; its halves may fit. */
export class BatchTooLargeError extends PublishError {}

/**
 * Writes batches to one partition, one at a time, with an idempotent producer of its own.
 *
 * Why a producer for each partition: kafkajs steps the sequence back after any failure and sends the same batch with the same sequence again.
 * That is exact only while no other batch of the partition is under way. Then the broker, which remembers the last five batches, answers a
 * repetition with the first one's offset. It also keeps a deleted topic or a dead leader from holding up other partitions.
 */
export class PartitionSender {
  #producer: Producer | undefined;
  #connected = false;
  /** The latest attempt, which may outlive its deadline. */
  #current: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly kafka: Kafka,
    private readonly topic: string,
    private readonly partition: number,
    private readonly requestTimeoutMs: number,
  ) {}

  /**
   * Resolves with the offset of the first message once all are in the log, in order and once. Throws {@link PublishError}: after it the
   * identity towards the broker is a new one, so that nothing later can be mistaken for a repetition.
   * @param deadline in ms of `performance.now()`
   */
  async send(messages: Message[], deadline: number): Promise<number> {
    let pauseMs = FIRST_PAUSE_MS;
    let tried = false;
    for (;;) {
      const left = deadline - performance.now();
      if (left <= 0) throw await this.#giveUp(`not confirmed in time (${String(messages.length)} records)`, tried);
      try {
        tried = true;
        const attempt = this.#attempt(messages);
        this.#current = attempt;
        return await untilDeadline(attempt, left);
      } catch (error) {
        const failure = this.#definite(error);
        if (failure !== undefined) {
          if (!(failure instanceof BatchTooLargeError)) await this.#abandon();
          throw failure;
        }
        if (deadline - performance.now() <= pauseMs) throw await this.#giveUp(`not confirmed in time: ${rootCause(error).message}`, tried, error);
        await this.#disconnect(deadline);
        await pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  async close(): Promise<void> {
    await this.#abandon();
  }

  async #attempt(messages: Message[]): Promise<number> {
    // Held by name: after the deadline this call may still be waiting, and must never send through a later producer.
    const producer = (this.#producer ??= this.#create());
    if (!this.#connected) {
      await producer.connect();
      this.#connected = this.#producer === producer;
    }
    const answer = await producer.send({ topic: this.topic, messages: asOnePartition(messages, this.partition), acks: -1, timeout: this.requestTimeoutMs });
    return this.#offsetIn(answer);
  }

  #create(): Producer {
    // kafkajs asks for at least one retry of its own; more of them would outlive our deadline.
    return this.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { retries: 1, initialRetryTime: FIRST_PAUSE_MS, maxRetryTime: LONGEST_PAUSE_MS },
      createPartitioner: () => ({ message }) => message.partition ?? this.partition,
    });
  }

  /** kafkajs can resolve without having sent: an answer that does not name our partition is no confirmation. */
  #offsetIn(answer: readonly RecordMetadata[]): number {
    const [record] = answer;
    if (answer.length !== 1 || record?.topicName !== this.topic || record.partition !== this.partition || record.errorCode !== 0) {
      throw new PublishError('deadline', this.topic, 'the client confirmed something else than was asked', true);
    }
    return Number(record.baseOffset);
  }

  #definite(error: unknown): PublishError | undefined {
    const type = protocolErrorOf(error);
    const { message, name } = rootCause(error);
    if (type !== undefined && TOO_LARGE.has(type)) return new BatchTooLargeError('too-large', this.topic, message, false, error);
    if (type !== undefined && IDENTITY_LOST.has(type)) return new PublishError('deadline', this.topic, message, true, error);
    if (type !== undefined && REFUSED.has(type)) return new PublishError('refused', this.topic, message, false, error);
    if (name === 'TypeError' || name === 'RangeError') return new PublishError('refused', this.topic, message, false, error);
    return undefined;
  }

  async #giveUp(detail: string, maybeWritten: boolean, cause?: unknown): Promise<PublishError> {
    await this.#abandon();
    return new PublishError('deadline', this.topic, detail, maybeWritten, cause);
  }

  /** A fresh connection, for the old one may be half open; identity and sequence stay. */
  async #disconnect(deadline: number): Promise<void> {
    this.#connected = false;
    const left = Math.max(1, deadline - performance.now());
    await untilDeadline(this.#producer?.disconnect() ?? Promise.resolve(), left).catch(() => this.#abandon());
  }

  async #abandon(): Promise<void> {
    const producer = this.#producer;
    const current = this.#current;
    this.#producer = undefined;
    this.#connected = false;
    if (producer === undefined) return;
    const disconnected = producer.disconnect();
    // An attempt under way may connect once more after that; whenever it ends, so do its connections.
    void Promise.allSettled([disconnected, current]).then(() => producer.disconnect().catch(() => undefined));
    // The connection may never answer: what is thrown away is not waited for longer than a moment.
    await untilDeadline(disconnected, LONGEST_PAUSE_MS).catch(() => undefined);
  }
}
