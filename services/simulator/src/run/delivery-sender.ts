import { inLane, type EventContract } from '@millrace/contracts';
import { KafkaError, type EventPublisher, type RawRecord } from '@millrace/kafka';
import type { Delivery } from '../faults/fault-stream.js';
import type { Ledger } from '../ledger.js';
import { STREAM_NAMES, STREAMS, type StreamName } from '../world/world-event.js';
import type { Clock } from './clock.js';

const FIRST_BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 5_000;

export interface SenderOptions {
  readonly lane: string;
  readonly clock: Clock;
  /** Told of every failed attempt; the batch is sent again. */
  readonly onFailure: (stream: StreamName, error: KafkaError) => void;
  /** Told of every batch that is in the log. */
  readonly onSuccess: () => void;
}

/** Publishes batches in order and writes down what Kafka confirmed. A batch that fails for now is sent again until it is in, or the run is aborted. */
export class DeliverySender {
  constructor(
    private readonly publisher: EventPublisher,
    private readonly ledger: Ledger,
    private readonly options: SenderOptions,
  ) {}

  /** Resolves when all are in the log. Rejects with what cannot get better by trying again, or when `signal` ends the attempts. */
  async send(batch: readonly Delivery[], signal: AbortSignal): Promise<void> {
    for (const delivery of batch) this.ledger.produced(delivery);
    const whole = batch.filter((delivery) => delivery.spoilt === null);
    await Promise.all(STREAM_NAMES.map((stream) => this.#publish(stream, whole.filter((delivery) => delivery.stream === stream), signal)));
    // After the events, whose publishing makes sure that the topics exist.
    const spoilt = batch.filter((delivery) => delivery.spoilt !== null);
    if (spoilt.length > 0) await this.#publishSpoilt(spoilt, signal);
  }

  async #publish(stream: StreamName, deliveries: readonly Delivery[], signal: AbortSignal): Promise<void> {
    if (deliveries.length === 0) return;
    const contract: EventContract<never> = STREAMS[stream] as EventContract<never>;
    const events = deliveries.map((delivery) => delivery.event as never);
    await this.#insist(stream, deliveries, signal, () => this.publisher.publishAll(contract, events));
  }

  async #publishSpoilt(deliveries: readonly Delivery[], signal: AbortSignal): Promise<void> {
    const records: RawRecord[] = [];
    for (const { stream, spoilt } of deliveries) {
      if (spoilt !== null) records.push({ topic: inLane(this.options.lane, STREAMS[stream].topic), key: Buffer.from(spoilt.key), value: spoilt.bytes });
    }
    await this.#insist(deliveries[0]?.stream ?? 'clickstream', deliveries, signal, async () => {
      await this.publisher.publishRaw(records);
    });
  }

  async #insist(stream: StreamName, deliveries: readonly Delivery[], signal: AbortSignal, publish: () => Promise<void>): Promise<void> {
    for (let backoff = FIRST_BACKOFF_MS; ; backoff = Math.min(2 * backoff, LONGEST_BACKOFF_MS)) {
      try {
        await publish();
        for (const delivery of deliveries) this.ledger.acknowledged(delivery);
        this.options.onSuccess();
        return;
      } catch (error) {
        if (!(error instanceof KafkaError) || !error.retriable || signal.aborted) throw error;
        this.options.onFailure(stream, error);
      }
      await this.options.clock.sleep(backoff, signal);
      for (const delivery of deliveries) this.ledger.resent(delivery);
    }
  }
}
