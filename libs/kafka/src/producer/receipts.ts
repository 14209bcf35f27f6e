import type { RecordPosition } from '../port.js';
import type { Receipt } from './partition.queue.js';

/** Waits for many records and keeps nothing of each but the count. */
export class CountReceipt implements Receipt {
  readonly done: Promise<void>;
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #left: number;

  constructor(count: number) {
    this.#left = count;
    this.done = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // The caller may still be adding records when the first one fails.
    this.done.catch(() => undefined);
    if (count === 0) this.#resolve();
  }

  written(): void {
    if (--this.#left === 0) this.#resolve();
  }

  failed(error: Error): void {
    this.#reject(error);
  }
}

/** Waits for some records and keeps where each lies. */
export class PositionReceipt implements Receipt {
  readonly done: Promise<RecordPosition[]>;
  readonly #positions: RecordPosition[] = [];
  readonly #count: CountReceipt;

  constructor(private readonly topics: readonly string[]) {
    this.#count = new CountReceipt(topics.length);
    this.done = this.#count.done.then(() => this.#positions);
    this.done.catch(() => undefined);
  }

  written(index: number, partition: number, offset: number): void {
    this.#positions[index] = { topic: this.topics[index] ?? '', partition, offset };
    this.#count.written();
  }

  failed(error: Error): void {
    this.#count.failed(error);
  }
}
