import { RequestError, type Metrics } from '@millrace/service-kit';
import { StreamReader, type Sink } from './stream-reader.js';

interface HubOptions {
  readonly mostReaders: number;
  readonly bufferBytes: number;
}

/** Everybody who reads the stream. */
export class StreamHub {
  readonly #readers = new Set<StreamReader>();
  readonly #count;
  readonly #dropped;
  readonly #sentBytes;
  #closed = false;

  constructor(
    private readonly options: HubOptions,
    metrics: Metrics,
  ) {
    this.#count = metrics.gauge('stream_readers', 'Readers of the stream.');
    this.#dropped = metrics.counter('stream_dropped_total', 'Readers cut off because they were too slow.');
    this.#sentBytes = metrics.counter('stream_sent_bytes_total', 'Bytes given to readers of the stream.');
    this.#count.set({}, 0);
    this.#dropped.add({}, 0);
  }

  get size(): number {
    return this.#readers.size;
  }

  /** Whether one more may read. Throws {@link RequestError} 503 where not. */
  assertRoom(): void {
    if (this.#closed) throw new RequestError(503, 'The server is stopping.');
    if (this.#readers.size >= this.options.mostReaders) throw new RequestError(503, 'Too many readers of the stream.');
  }

  /** Adds a reader and sends it what it should begin with. Returns a function that forgets it. */
  join(sink: Sink, beginning: readonly Buffer[]): () => void {
    const reader = new StreamReader(sink, this.options.bufferBytes);
    this.#readers.add(reader);
    this.#count.set({}, this.#readers.size);
    // In one piece: what a reader begins with may be longer than its buffer.
    this.#send(reader, Buffer.concat(beginning));
    return () => { this.#forget(reader); };
  }

  broadcast(bytes: Buffer): void {
    for (const reader of [...this.#readers]) this.#send(reader, bytes);
  }

  /** Ends every stream, and takes no more. */
  close(): void {
    this.#closed = true;
    for (const reader of [...this.#readers]) {
      this.#forget(reader);
      reader.end();
    }
  }

  #send(reader: StreamReader, bytes: Buffer): void {
    if (reader.send(bytes)) {
      this.#sentBytes.add({}, bytes.length);
      return;
    }
    this.#dropped.add({});
    this.#forget(reader);
  }

  #forget(reader: StreamReader): void {
    if (this.#readers.delete(reader)) this.#count.set({}, this.#readers.size);
  }
}
