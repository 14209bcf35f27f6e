import type { KafkaMessage } from 'kafkajs';
import type { PartitionOffsets } from '../admin/kafka.admin.js';
import type { ConsumerSignal, RetryPauses } from '../port.js';
import { pause } from '../timing.js';
import type { DeadLetterWriter } from './dead-letter.writer.js';
import { gapBefore } from './gap.detector.js';
import type { HandlerRunner } from './handler.runner.js';
import { LaneClosedError } from './lane-closed.error.js';
import type { OffsetCommitter } from './offset.committer.js';
import type { RecordReader } from './record.reader.js';
import { retrying } from './retrying.js';

/** Batches that may wait; one more is taken in before the partition is paused. */
const MOST_WAITING = 2;
/** How long a fetch waits for room before this partition is paused, so that a slow one does not hold up the others. */
const PATIENCE_MS = 200;

export interface LaneParts<E> {
  readonly topic: string;
  readonly partition: number;
  readonly reader: RecordReader<E>;
  readonly letters: DeadLetterWriter;
  readonly committer: OffsetCommitter;
  readonly retry: RetryPauses;
  readonly maxBatch: number;
  /** Next offset by the time the lane was opened. */
  readonly expected: () => Promise<number | undefined>;
  readonly log: () => Promise<PartitionOffsets | undefined>;
  readonly emit: (signal: ConsumerSignal) => void;
  /** Takes an error that no rule foresees: going on would be going on blindly. */
  readonly fail: (error: unknown) => void;
  readonly runner: (signal: AbortSignal, blocked: (error: Error, attempt: number) => void) => HandlerRunner<E>;
}

/**
 * One assigned partition: takes fetched batches in order and handles them one after the other, apart from the fetch loop. So heartbeats go on
 * while a handler works, and a blocked partition blocks no other.
 */
export class PartitionLane<E> {
  readonly #stop = new AbortController();
  readonly #runner: HandlerRunner<E>;
  #waiting: (readonly KafkaMessage[])[] = [];
  #working: Promise<void> | undefined;
  #roomMade: (() => void) | undefined;
  #resume: (() => void) | undefined;
  #position: number | undefined;
  #draining = false;
  #blocked = false;

  constructor(private readonly parts: LaneParts<E>) {
    this.#runner = parts.runner(this.#stop.signal, this.#reportBlocked);
  }

  /** Next offset to handle; undefined before the first batch. */
  get position(): number | undefined {
    return this.#position;
  }

  isOpen(): boolean {
    return !this.#draining && !this.#stop.signal.aborted;
  }

  /** Takes a batch in. False where there is no room for more: pause the partition and hand {@link resumeWith} the way back. */
  async offer(messages: readonly KafkaMessage[]): Promise<boolean> {
    this.#waiting.push(messages);
    this.#working ??= this.#work();
    if (this.#waiting.length < MOST_WAITING) return true;
    if (this.#blocked) return false;
    const patience = new AbortController();
    await Promise.race([pause(PATIENCE_MS, patience.signal), this.#room()]);
    patience.abort();
    return this.#waiting.length < MOST_WAITING;
  }

  resumeWith(resume: () => void): void {
    this.#resume = resume;
    if (this.#waiting.length < MOST_WAITING || !this.isOpen()) this.#makeRoom();
  }

  /** Finishes the records in hand and commits them; what waits is left. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#working;
    await this.parts.committer.settled();
  }

  /** Gives up at once: no effect and no commit after it. */
  close(): void {
    this.#stop.abort(new LaneClosedError());
    this.#waiting = [];
    this.#makeRoom();
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#roomMade = resolve;
    });
  }

  #makeRoom(): void {
    this.#roomMade?.();
    this.#roomMade = undefined;
    this.#resume?.();
    this.#resume = undefined;
  }

  async #work(): Promise<void> {
    try {
      while (this.isOpen()) {
        const messages = this.#waiting.shift();
        if (messages === undefined) break;
        if (this.#waiting.length < MOST_WAITING) this.#makeRoom();
        await this.#handleBatch(messages);
      }
    } catch (error) {
      if (!(error instanceof LaneClosedError)) this.parts.fail(error);
    } finally {
      this.#working = undefined;
    }
  }

  async #handleBatch(messages: readonly KafkaMessage[]): Promise<void> {
    await this.#lookForGap(Number(messages[0]?.offset));
    for (let start = 0; start < messages.length && this.isOpen(); start += this.parts.maxBatch) {
      await this.#handle(messages.slice(start, start + this.parts.maxBatch));
    }
  }

  async #handle(messages: readonly KafkaMessage[]): Promise<void> {
    const { reader, letters, committer } = this.parts;
    const read = await this.#until(() => reader.read(messages));
    const condemned = await this.#runner.run(read.events);
    const all = [...read.letters, ...condemned];
    if (all.length > 0) {
      letters.take(all);
      await this.#until(() => letters.write());
      this.#report(all);
    }
    if (this.#stop.signal.aborted) throw new LaneClosedError();
    this.#blocked = false;
    this.#position = Number(messages.at(-1)?.offset) + 1;
    committer.commitSoon(this.#position);
  }

  async #lookForGap(first: number): Promise<void> {
    const { topic, partition, emit } = this.parts;
    this.#position ??= await this.#until(this.parts.expected);
    const gap = await this.#until(() => gapBefore(this.#position, first, this.parts.log));
    if (gap !== undefined) emit({ type: 'gap', topic, partition, ...gap });
    this.#position = first;
  }

  #report(letters: readonly { readonly message: KafkaMessage; readonly reason: string; readonly detail: string }[]): void {
    const { topic, partition, emit } = this.parts;
    for (const { message, reason, detail } of letters) {
      emit({ type: 'dead-letter', topic, partition, offset: Number(message.offset), reason, detail });
    }
  }

  #until<T>(work: () => Promise<T>): Promise<T> {
    return retrying(work, this.parts.retry, this.#stop.signal, this.#reportBlocked);
  }

  readonly #reportBlocked = (error: Error, attempt: number): void => {
    this.#blocked = true;
    this.#roomMade?.();
    this.parts.emit({ type: 'blocked', topic: this.parts.topic, partition: this.parts.partition, error, attempt });
  };
}
