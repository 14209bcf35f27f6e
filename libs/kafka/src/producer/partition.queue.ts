import type { Message } from 'kafkajs';
import { PublishError } from '../errors.js';
import { BatchTooLargeError } from './partition.sender.js';

/** What becomes of queued records; one receiver may stand for many records. */
export interface Receipt {
  /** @param index the record's number with this receiver */
  written(index: number, partition: number, offset: number): void;
  failed(error: Error): void;
}

interface Queued {
  readonly message: Message;
  readonly bytes: number;
  /** In ms of `performance.now()`. */
  readonly deadline: number;
  readonly receipt: Receipt;
  readonly index: number;
}

export interface QueueLimits {
  readonly maxBatchRecords: number;
  readonly maxBatchBytes: number;
  readonly lingerMs: number;
}

/** Sends one batch: the offset of its first message. */
export type SendBatch = (messages: Message[], deadline: number) => Promise<number>;

/**
 * Records of one partition in the order they came. One batch is under way at a time; what comes meanwhile forms the next, so that batches
 * grow with the load and a lone record waits for nothing.
 */
export class PartitionQueue {
  #queued: Queued[] = [];
  /** Records before it are sent; the array is cut rarely, for cutting it copies the rest. */
  #head = 0;
  #running = false;
  #idle: (() => void)[] = [];

  constructor(
    private readonly topic: string,
    private readonly partition: number,
    private readonly limits: QueueLimits,
    private readonly send: SendBatch,
    private readonly release: (bytes: number) => void,
  ) {}

  add(message: Message, bytes: number, deadline: number, receipt: Receipt, index: number): void {
    this.#queued.push({ message, bytes, deadline, receipt, index });
    if (this.#running) return;
    this.#running = true;
    const start = (): void => {
      void this.#run();
    };
    if (this.limits.lingerMs > 0) setTimeout(start, this.limits.lingerMs);
    else setImmediate(start);
  }

  /** Resolves once nothing waits and nothing is under way. */
  async drained(): Promise<void> {
    if (!this.#running) return;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
    });
  }

  async #run(): Promise<void> {
    while (this.#head < this.#queued.length) await this.#sendWhole(this.#take());
    this.#queued = [];
    this.#head = 0;
    this.#running = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #take(): Queued[] {
    const { maxBatchRecords, maxBatchBytes } = this.limits;
    const start = this.#head;
    let end = start;
    let bytes = 0;
    while (end < this.#queued.length && end - start < maxBatchRecords) {
      bytes += this.#queued[end]?.bytes ?? 0;
      if (bytes > maxBatchBytes && end > start) break;
      end++;
    }
    const batch = this.#queued.slice(start, end);
    this.#head = end;
    if (this.#head > 10_000) {
      this.#queued = this.#queued.slice(this.#head);
      this.#head = 0;
    }
    return batch;
  }

  async #sendWhole(batch: Queued[]): Promise<void> {
    const first = batch[0];
    if (first === undefined) return;
    try {
      const offset = await this.#sendBatch(batch, first.deadline);
      for (const [index, queued] of batch.entries()) queued.receipt.written(queued.index, this.partition, offset + index);
      this.release(bytesOf(batch));
    } catch (error) {
      if (error instanceof BatchTooLargeError && batch.length > 1) {
        const half = batch.length >> 1;
        await this.#sendWhole(batch.slice(0, half));
        await this.#sendWhole(batch.slice(half));
        return;
      }
      const failure = error instanceof Error ? error : new PublishError('refused', this.topic, String(error));
      for (const queued of batch) queued.receipt.failed(failure);
      this.release(bytesOf(batch));
    }
  }

  #sendBatch(batch: readonly Queued[], deadline: number): Promise<number> {
    if (performance.now() >= deadline) {
      return Promise.reject(new PublishError('deadline', this.topic, 'the broker did not take earlier records in time; this one was not sent'));
    }
    return this.send(
      batch.map((queued) => queued.message),
      deadline,
    );
  }
}

function bytesOf(batch: readonly Queued[]): number {
  return batch.reduce((sum, queued) => sum + queued.bytes, 0);
}
