import { deadLetterTopic, inLane } from '@millrace/contracts';
import type { KafkaAdmin } from '../admin/kafka.admin.js';
import { EventDecoder } from '../codec/event.decoder.js';
import type { RegistryClient } from '../codec/registry.client.js';
import { InfrastructureError } from '../errors.js';
import type { BatchHandler, ConsumerOptions, EventPublisher, KafkaSettings, Subscription } from '../port.js';
import { DeadLetterWriter } from './dead-letter.writer.js';
import { HandlerRunner } from './handler.runner.js';
import type { Membership } from './membership.js';
import { OffsetCommitter } from './offset.committer.js';
import { PartitionLane } from './partition.lane.js';
import { RecordReader } from './record.reader.js';
import type { SignalHub } from './signal.hub.js';

/** What a lane learns from the consumer that opens it. */
export interface LaneAnchor {
  readonly standing: () => Promise<number | undefined>;
  readonly commit: (offset: number) => Promise<void>;
  readonly fail: (error: unknown) => void;
}

interface Route {
  readonly subscription: Subscription<unknown>;
  /** One for all partitions: schemas are learnt once. */
  readonly decoder: EventDecoder<unknown>;
}

/** Puts a lane together for a partition of a subscribed topic. */
export class LaneFactory {
  readonly #routes: ReadonlyMap<string, Route>;
  #publisher: Promise<EventPublisher> | undefined;

  constructor(
    private readonly settings: KafkaSettings,
    private readonly options: Required<ConsumerOptions>,
    private readonly admin: KafkaAdmin,
    registry: RegistryClient,
    private readonly membership: Membership,
    private readonly signals: SignalHub,
    private readonly openPublisher: () => Promise<EventPublisher>,
  ) {
    this.#routes = new Map(
      options.subscriptions.map((subscription): [string, Route] => [
        inLane(settings.lane, subscription.contract.topic),
        { subscription, decoder: new EventDecoder<unknown>(subscription.contract, registry) },
      ]),
    );
  }

  open(topic: string, partition: number, anchor: LaneAnchor): PartitionLane<unknown> {
    const route = this.#routes.get(topic);
    if (route === undefined) throw new InfrastructureError(`no subscription for ${topic}`);
    const { subscription } = route;
    const { contract } = subscription;
    const handle: BatchHandler<unknown> = (events, context) => subscription.handle(events, context);
    const { group, maxBatch, retry, handlerTimeoutMs, handlerAttempts } = this.options;
    const { lane } = this.settings;
    const source = { topic, partition, lane, group, deadLetterTopic: deadLetterTopic(lane, contract.topic, group) };
    return new PartitionLane({
      topic,
      partition,
      maxBatch,
      retry,
      reader: new RecordReader(route.decoder, topic, partition),
      letters: new DeadLetterWriter(() => this.#letterPublisher(), source),
      committer: new OffsetCommitter(anchor.commit),
      expected: anchor.standing,
      fail: anchor.fail,
      log: async () => (await this.admin.offsets(topic)).find((offsets) => offsets.partition === partition),
      emit: (signal) => {
        this.signals.emit(signal);
      },
      runner: (signal, blocked) =>
        new HandlerRunner(handle, topic, partition, { timeoutMs: handlerTimeoutMs, attempts: handlerAttempts, retry }, this.membership, signal, blocked),
    });
  }

  async close(): Promise<void> {
    await (await this.#publisher)?.close();
  }

  async #letterPublisher(): Promise<EventPublisher> {
    this.#publisher ??= this.openPublisher();
    try {
      return await this.#publisher;
    } catch (error) {
      this.#publisher = undefined;
      throw error;
    }
  }
}
