import type { KafkaMessage } from 'kafkajs';
import type { EventDecoder } from '../codec/event.decoder.js';
import { ContentError } from '../errors.js';
import type { ConsumedEvent, Headers } from '../port.js';
import type { DeadLetter } from './dead-letter.js';

/** A consumed event that remembers the bytes it came from, in case it becomes a dead letter. */
export interface ReadEvent<E> extends ConsumedEvent<E> {
  readonly message: KafkaMessage;
}

export interface ReadResult<E> {
  readonly events: ReadEvent<E>[];
  readonly letters: DeadLetter[];
}

/** Turns records of one partition into events; those that cannot be read become dead letters. */
export class RecordReader<E> {
  constructor(
    private readonly decoder: EventDecoder<E>,
    private readonly topic: string,
    private readonly partition: number,
  ) {}

  /** Throws `InfrastructureError` only: the registry is away, and nothing can be said of the records. */
  async read(messages: readonly KafkaMessage[]): Promise<ReadResult<E>> {
    const result: ReadResult<E> = { events: [], letters: [] };
    for (const message of messages) {
      try {
        const event = this.#decode(message);
        result.events.push(typeof event === 'number' ? await this.#decodeNew(message, event) : event);
      } catch (error) {
        if (!(error instanceof ContentError)) throw error;
        result.letters.push({ message, reason: error.reason, detail: error.detail, attempts: 0 });
      }
    }
    return result;
  }

  /** One record. Throws `ContentError` or `InfrastructureError`. */
  async readOne(message: KafkaMessage): Promise<ReadEvent<E>> {
    const event = this.#decode(message);
    return typeof event === 'number' ? this.#decodeNew(message, event) : event;
  }

  async #decodeNew(message: KafkaMessage, schemaId: number): Promise<ReadEvent<E>> {
    await this.decoder.load(schemaId);
    const event = this.#decode(message);
    if (typeof event === 'number') throw new ContentError('unknown-schema', `schema ${String(schemaId)} cannot be loaded`);
    return event;
  }

  #decode(message: KafkaMessage): ReadEvent<E> | number {
    const timestamp = Number(message.timestamp);
    const decoded = this.decoder.decode(message.value, timestamp);
    if (typeof decoded === 'number') return decoded;
    return {
      topic: this.topic,
      partition: this.partition,
      offset: Number(message.offset),
      key: message.key?.toString() ?? '',
      headers: singleValued(message.headers),
      timestamp,
      event: decoded.event,
      message,
    };
  }
}

const NO_HEADERS: Headers = {};

/** Of a header that occurs more than once the last value counts, as with Java's `lastHeader`. */
function singleValued(headers: KafkaMessage['headers']): Headers {
  if (headers === undefined) return NO_HEADERS;
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== 'string' && !Buffer.isBuffer(value)) return flatten(headers);
  }
  return headers as Headers;
}

function flatten(headers: NonNullable<KafkaMessage['headers']>): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, (Array.isArray(value) ? value.at(-1) : value) ?? '']));
}
