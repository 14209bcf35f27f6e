import { PublishError } from '../errors.js';
import type { EventPublisher, RawRecord } from '../port.js';
import { toRecord, truncated, type DeadLetter, type LetterSource } from './dead-letter.js';

/** Sizes of the value tried, in bytes, where the topic refuses a record as too large. */
const LAST_RESORTS = [512 * 1024, 64 * 1024, 0];

/** Writes dead letters in the order of their records. The caller repeats what fails: nothing is dropped here. */
export class DeadLetterWriter {
  #left: readonly DeadLetter[] = [];

  constructor(
    private readonly publisher: () => Promise<EventPublisher>,
    private readonly source: LetterSource,
    private readonly now: () => Date = () => new Date(),
  ) {}

  /** Sets what {@link write} has to write. */
  take(letters: readonly DeadLetter[]): void {
    this.#left = [...letters].sort((a, b) => Number(BigInt(a.message.offset) - BigInt(b.message.offset)));
  }

  /** Resolves once all are in the log. After a failure call it again: what was written is not written again. */
  async write(): Promise<void> {
    if (this.#left.length === 0) return;
    const publisher = await this.publisher();
    const results = await Promise.allSettled(this.#left.map((letter) => this.#writeOne(publisher, toRecord(letter, this.source, this.now()))));
    const failed = results.find((result) => result.status === 'rejected');
    this.#left = this.#left.filter((_letter, index) => results[index]?.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #writeOne(publisher: EventPublisher, record: RawRecord): Promise<void> {
    let attempt = record;
    for (const bytes of [...LAST_RESORTS, undefined]) {
      try {
        await publisher.publishRaw([attempt]);
        return;
      } catch (error) {
        const tooLarge = error instanceof PublishError && error.reason === 'too-large';
        if (!tooLarge || bytes === undefined) throw error;
        attempt = truncated(record, bytes);
      }
    }
  }
}
