import type { Kafka, Message } from 'kafkajs';
import type { Receipt, QueueLimits } from './partition.queue.js';
import type { MemoryGate } from './memory.gate.js';
import { PartitionQueue } from './partition.queue.js';
import { PartitionSender } from './partition.sender.js';

interface Writer {
  readonly queue: PartitionQueue;
  readonly sender: PartitionSender;
}

/** The queues and senders of one topic, made as its partitions are first written to. */
export class TopicWriters {
  readonly #writers = new Map<number, Writer>();

  constructor(
    readonly topic: string,
    readonly partitions: number,
    private readonly kafka: Kafka,
    private readonly limits: QueueLimits,
    private readonly requestTimeoutMs: number,
    private readonly gate: MemoryGate,
  ) {}

  add(message: Message, partition: number, bytes: number, deadline: number, receipt: Receipt, index: number): void {
    this.gate.add(bytes);
    this.#writer(partition).queue.add(message, bytes, deadline, receipt, index);
  }

  async drained(): Promise<void> {
    await Promise.all([...this.#writers.values()].map((writer) => writer.queue.drained()));
  }

  async close(): Promise<void> {
    await this.drained();
    await Promise.all([...this.#writers.values()].map((writer) => writer.sender.close()));
  }

  #writer(partition: number): Writer {
    const held = this.#writers.get(partition);
    if (held !== undefined) return held;
    const sender = new PartitionSender(this.kafka, this.topic, partition, this.requestTimeoutMs);
    const queue = new PartitionQueue(
      this.topic,
      partition,
      this.limits,
      (messages, deadline) => sender.send(messages, deadline),
      (bytes) => {
        this.gate.release(bytes);
      },
    );
    const made = { queue, sender };
    this.#writers.set(partition, made);
    return made;
  }
}
