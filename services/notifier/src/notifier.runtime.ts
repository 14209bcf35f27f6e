import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { alertEvent } from '@millrace/contracts';
import { subscribe, type KafkaConnection } from '@millrace/kafka';
import { CONFIG, DatabaseStart, KAFKA, LIFECYCLE, LOGGER, Metrics, superviseConsumer, type Lifecycle } from '@millrace/service-kit';
import type { Logger } from 'pino';
import { DeliveryWorker } from './delivery/delivery-worker.js';
import { delivers, type NotifierConfig } from './notifier.config.js';
import { NotifierConsumer } from './notifier.consumer.js';
import { NotifierSignals } from './notifier.signals.js';
import { NOTIFIER_STORE, type NotifierStore } from './notifier-store.js';
import { ReceiverDirectory } from './delivery/receiver-directory.js';

const GROUP = 'notifier';
/** Attempts in hand may go on this long when the process stops. */
const DRAIN_MS = 5_000;
const MEASURE_MS = 5_000;

/** Starts the notifier's moving parts in order, once the app listens, and registers how each is stopped. */
@Injectable()
export class NotifierRuntime implements OnApplicationBootstrap {
  readonly #start: DatabaseStart;
  readonly #signals: NotifierSignals;

  constructor(
    @Inject(CONFIG) private readonly config: NotifierConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(KAFKA) private readonly kafka: KafkaConnection,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(ReceiverDirectory) private readonly directory: ReceiverDirectory,
    @Inject(NOTIFIER_STORE) private readonly store: NotifierStore,
  ) {
    this.#start = new DatabaseStart({ config, lifecycle, logger });
    this.#signals = new NotifierSignals(metrics);
  }

  onApplicationBootstrap(): void {
    this.#start.begin(() => { this.#run(); });
  }

  #run(): void {
    const workers = this.#startWorkers();
    this.#measureQueues();
    const notifier = new NotifierConsumer((lane) => delivers(this.config, lane), workers, this.store, this.#signals);
    const { kafka, lifecycle, logger, metrics } = this;
    const consumer = superviseConsumer(
      { kafka, lifecycle, logger, metrics },
      { group: GROUP, subscriptions: [subscribe(alertEvent, (events, context) => notifier.handle(events, context))] },
    );
    void consumer.start();
  }

  #startWorkers(): readonly DeliveryWorker[] {
    const owner = `${hostname()}:${process.pid}:${randomUUID()}`;
    const workers = this.directory.entries.map(
      ({ receiver, channel }) =>
        new DeliveryWorker(receiver, channel, this.store, this.#signals, {
          owner,
          leaseMs: this.config.leaseMs,
          drainMs: DRAIN_MS,
          breakerMs: this.config.breakerMs,
          onError: (error, name) => { this.logger.warn({ err: error, receiver: name }, 'the delivery queue cannot be used now'); },
          onDisabled: (name, reason) => { this.logger.error({ receiver: name, reason }, 'the receiver told us to stop and is switched off'); },
        }),
    );
    this.lifecycle.onRelease('deliveries', async () => { await Promise.all(workers.map((worker) => worker.stop())); });
    for (const worker of workers) worker.start();
    return workers;
  }

  #measureQueues(): void {
    const names = this.directory.entries.map(({ receiver }) => receiver.name);
    const measure = async (): Promise<void> => {
      try {
        const [depths, disabled] = await Promise.all([this.store.depths(), this.store.disabled()]);
        this.#signals.queues(names, depths, new Set(disabled.map(({ receiver }) => receiver)));
      } catch (error) {
        this.logger.warn({ err: error }, 'queues cannot be measured now');
      }
    };
    let running = measure();
    const timer = setInterval(() => { running = running.then(measure); }, MEASURE_MS);
    this.lifecycle.onRelease('queue metrics', async () => {
      clearInterval(timer);
      await running;
    });
  }
}
