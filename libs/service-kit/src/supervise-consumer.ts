import type { BatchContext, ConsumedEvent, ConsumerOptions, ConsumerSignal, EventConsumer, KafkaConnection, Subscription } from '@millrace/kafka';
import type { Logger } from 'pino';
import { consumerMetrics, type ConsumerMetrics } from './consumer.metrics.js';
import type { Lifecycle } from './lifecycle.js';
import type { Metrics } from './metrics.js';

/** What a supervised consumer needs; a service has all of it by injection. */
export interface ConsumerKit {
  readonly kafka: Pick<KafkaConnection, 'consumer'>;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How often lag and health are looked at, ms. @default 5000 */
  readonly pollMs?: number;
  /** Clock for the patience with a consumer that stands still, ms. @default performance.now */
  readonly now?: () => number;
}

/** A consumer stands still with lag, and not because something it depends on is down. */
export class ConsumerUnhealthyError extends Error {
  override readonly name = 'ConsumerUnhealthyError';
  constructor(readonly group: string) {
    super(`consumer ${group} stands still although there is lag`);
  }
}

const POLL_MS = 5_000;
/** A consumer that was just let go by an outage still counts as standing still until it is looked at again, ms. */
const GRACE_MS = 30_000;

/**
 * Makes a consumer and everything around it: its signals in log and metrics, its part of readiness (not ready until assigned, nor while a
 * partition is blocked), its lag, its stop at release, and the end of the process (`Lifecycle.fail`) where it crashed or stands still.
 * A partition that is blocked by an outage is no reason to end: it goes on by itself. Call `start()` when the handlers can work; it does
 * not reject, a failed start is a failure of the process.
 */
export function superviseConsumer(kit: ConsumerKit, options: ConsumerOptions): SupervisedConsumer {
  return new SupervisedConsumer(kit, options);
}

export class SupervisedConsumer {
  readonly #consumer: EventConsumer;
  readonly #metrics: ConsumerMetrics;
  readonly #group: string;
  readonly #blocked = new Map<string, { readonly topic: string; readonly partition: number; readonly reason: string }>();
  readonly #now: () => number;
  #assigned = false;
  #looking = false;
  #aliveAt: number;
  #poll: NodeJS.Timeout | null = null;

  constructor(
    private readonly kit: ConsumerKit,
    options: ConsumerOptions,
  ) {
    this.#group = options.group;
    this.#now = kit.now ?? (() => performance.now());
    this.#aliveAt = this.#now();
    this.#metrics = consumerMetrics(kit.metrics);
    this.#consumer = kit.kafka.consumer({ ...options, subscriptions: options.subscriptions.map((subscription) => this.#observed(subscription)) });
    this.#consumer.onSignal((signal) => { this.#onSignal(signal); });
    kit.lifecycle.addCheck(`consumer ${this.#group}`, () => this.#notReady());
    kit.lifecycle.onRelease(`consumer ${this.#group}`, () => this.#stop());
  }

  /** Joins the group; resolves once partitions are assigned, or once that has failed and the process is ending. */
  async start(): Promise<void> {
    this.#poll = setInterval(() => void this.#look(), this.kit.pollMs ?? POLL_MS);
    this.#poll.unref();
    try {
      await this.#consumer.start();
      this.#assigned = true;
    } catch (error) {
      this.kit.lifecycle.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Records not yet handled, per partition of ours. */
  lag(): ReturnType<EventConsumer['lag']> {
    return this.#consumer.lag();
  }

  async #stop(): Promise<void> {
    if (this.#poll !== null) clearInterval(this.#poll);
    await this.#consumer.stop();
  }

  #notReady(): string | null {
    if (!this.#assigned) return 'no partitions assigned yet';
    const [first] = this.#blocked.values();
    return first === undefined ? null : `${first.topic}/${String(first.partition)} is blocked: ${first.reason}`;
  }

  #observed(subscription: Subscription<unknown>): Subscription<unknown> {
    const handle = async (events: readonly ConsumedEvent<unknown>[], context: BatchContext): Promise<void> => {
      const labels = { group: this.#group, topic: context.topic };
      const started = performance.now();
      try {
        await subscription.handle(events, context);
      } catch (error) {
        this.#metrics.batches.add({ ...labels, outcome: 'failed' });
        throw error;
      }
      this.#metrics.batchSeconds.observe(labels, (performance.now() - started) / 1_000);
      this.#metrics.batches.add({ ...labels, outcome: 'ok' });
      this.#metrics.records.add(labels, events.length);
      this.#aliveAt = this.#now();
      this.#unblock(context.topic, context.partition);
    };
    return { contract: subscription.contract, handle };
  }

  #unblock(topic: string, partition: number): void {
    if (!this.#blocked.delete(`${topic}/${String(partition)}`)) return;
    this.kit.logger.info({ group: this.#group, topic, partition }, 'partition goes on');
    this.#metrics.blocked.set({ group: this.#group, topic, partition: String(partition) }, 0);
  }

  #onSignal(signal: ConsumerSignal): void {
    const { logger } = this.kit;
    const group = this.#group;
    switch (signal.type) {
      case 'assigned':
        logger.info({ group, partitions: signal.partitions }, 'partitions assigned');
        this.#onAssigned(signal.partitions);
        break;
      case 'gap':
        logger.error({ group, ...signal }, 'records expired before they were read');
        this.#metrics.gapRecords.add({ group, topic: signal.topic }, signal.to - signal.from);
        break;
      case 'dead-letter':
        logger.warn({ group, ...signal }, 'dead letter');
        this.#metrics.deadLetters.add({ group, topic: signal.topic, reason: signal.reason });
        break;
      case 'blocked':
        this.#onBlocked(signal);
        break;
      case 'stalled':
        logger.error({ group, ...signal }, 'offsets stand still');
        this.#metrics.stalls.add({ group, topic: signal.topic });
        break;
      case 'crashed':
        logger.fatal({ group, err: signal.error }, 'consumer crashed');
        this.kit.lifecycle.fail(signal.error);
        break;
    }
  }

  /** What was blocked and is another member's now is not ours to wait for. */
  #onAssigned(partitions: readonly { readonly topic: string; readonly partition: number }[]): void {
    this.#assigned = true;
    const ours = new Set(partitions.map(({ topic, partition }) => `${topic}/${String(partition)}`));
    for (const [id, { topic, partition }] of this.#blocked) if (!ours.has(id)) this.#unblock(topic, partition);
  }

  #onBlocked({ topic, partition, error, attempt }: Extract<ConsumerSignal, { type: 'blocked' }>): void {
    const group = this.#group;
    // Every attempt in the metric, the first and then ever fewer in the log.
    if (Number.isInteger(Math.log2(Math.max(1, attempt)))) this.kit.logger.warn({ group, topic, partition, attempt, err: error }, 'partition blocked');
    this.#blocked.set(`${topic}/${String(partition)}`, { topic, partition, reason: error.message });
    this.#metrics.blocked.set({ group, topic, partition: String(partition) }, 1);
  }

  async #look(): Promise<void> {
    const group = this.#group;
    const healthy = this.#consumer.isHealthy();
    this.#metrics.healthy.set({ group }, healthy ? 1 : 0);
    if (healthy || this.#blocked.size > 0) this.#aliveAt = this.#now();
    else if (this.#now() - this.#aliveAt > GRACE_MS) this.kit.lifecycle.fail(new ConsumerUnhealthyError(group));
    if (this.#looking) return;
    this.#looking = true;
    try {
      for (const { topic, partition, lag } of await this.#consumer.lag()) {
        this.#metrics.lag.set({ group, topic, partition: String(partition) }, lag);
        // Such as a dead letter that could be written at last: no handler tells.
        if (lag === 0) this.#unblock(topic, partition);
      }
    } catch (error) {
      this.kit.logger.debug({ group, err: error }, 'lag unknown');
    } finally {
      this.#looking = false;
    }
  }
}
