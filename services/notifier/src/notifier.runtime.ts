import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { alertEvent } from '@millrace/contracts';
import { subscribe, type KafkaConnection } from '@millrace/kafka';
import { CONFIG, DatabaseStart, KAFKA, LIFECYCLE, LOGGER, Metrics, superviseConsumer, type Lifecycle } from '@millrace/service-kit';
import type { Logger } from 'pino';
import { ConfigBook, type ReadConfig } from './config-book.js';
import { DeliveryPool } from './delivery/delivery-pool.js';
import { DELIVERY_QUEUE, type DeliveryQueue, type DisabledReceiver } from './delivery/delivery-queue.js';
import { ReceiverDirectory } from './delivery/receiver-directory.js';
import { DispatchLoop } from './dispatch/dispatch-loop.js';
import { DISPATCH_STORE, type DispatchStore } from './dispatch/dispatch-store.js';
import { switchedOff } from './dispatch/switched-off.js';
import { DAY_MS, type NotifierConfig } from './notifier.config.js';
import { NotifierConsumer } from './notifier.consumer.js';
import { NotifierSignals } from './notifier.signals.js';
import { AnswerTokens } from './people/answer-token.js';

const GROUP = 'notifier';
const MEASURE_MS = 5_000;
const SWITCH_OFF_EVERY_MS = 3_600_000;

/** Starts the notifier's moving parts in order, once the app listens, and registers how each is stopped. */
@Injectable()
export class NotifierRuntime implements OnApplicationBootstrap {
  readonly #start: DatabaseStart;

  constructor(
    @Inject(CONFIG) private readonly config: NotifierConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(KAFKA) private readonly kafka: KafkaConnection,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(NotifierSignals) private readonly signals: NotifierSignals,
    @Inject(ConfigBook) private readonly book: ConfigBook,
    @Inject(ReceiverDirectory) private readonly directory: ReceiverDirectory,
    @Inject(DELIVERY_QUEUE) private readonly queue: DeliveryQueue,
    @Inject(DISPATCH_STORE) private readonly store: DispatchStore,
    @Inject(DeliveryPool) private readonly pool: DeliveryPool,
    @Inject(DispatchLoop) private readonly loop: DispatchLoop,
    @Inject(AnswerTokens) private readonly tokens: AnswerTokens,
  ) {
    this.#start = new DatabaseStart({ config, lifecycle, logger });
  }

  onApplicationBootstrap(): void {
    this.#start.begin(async () => {
      await this.#start.untilAvailable(() => this.tokens.open());
      this.#run();
    });
  }

  #run(): void {
    const { kafka, lifecycle, logger, metrics } = this;
    lifecycle.onRelease('deliveries', () => this.pool.stop());
    this.pool.deliverTo(this.directory.reachable);
    this.#inForce();
    lifecycle.onRelease('dispatcher', () => this.loop.stop());
    this.loop.start();
    this.#watchConfig();
    this.#measureQueues();
    const notifier = new NotifierConsumer(this.config.lane, this.store, this.signals, () => { this.loop.wake(); });
    const consumer = superviseConsumer(
      { kafka, lifecycle, logger, metrics },
      { group: GROUP, subscriptions: [subscribe(alertEvent, (events, context) => notifier.handle(events, context))] },
    );
    void consumer.start();
  }

  #watchConfig(): void {
    const adopt = ({ config, receivers }: ReadConfig): void => {
      this.directory.replace(receivers);
      this.pool.deliverTo(this.directory.reachable);
      this.loop.reload(config);
      this.#inForce();
    };
    const refused = (problems: readonly string[]): void => {
      this.signals.configured(false);
      this.logger.error({ problems }, 'the configuration has errors; the one before stays in force');
    };
    const watched = this.book.watch(adopt, refused);
    this.lifecycle.onRelease('configuration', () => watched.close());
    this.lifecycle.addCheck('configuration', () => (this.book.problems.length === 0 ? null : `the one before stays in force: ${this.book.problems.join('; ')}`));
  }

  #inForce(): void {
    this.signals.configured(true);
    this.logger.info({ file: this.book.file, integrations: this.directory.entries.map(({ receiver }) => receiver.id) }, 'configuration in force');
  }

  async #switchOffDead(): Promise<void> {
    const { switchOffDays: days } = this.config;
    const receivers = await this.queue.switchOffDead(days * DAY_MS);
    if (receivers.length > 0) this.logger.error({ receivers, days }, 'receivers that took nothing for days are switched off');
  }

  async #tellOff(disabled: readonly DisabledReceiver[]): Promise<void> {
    const names = new Map(this.directory.entries.map(({ receiver }) => [receiver.id, receiver.name]));
    await this.store.accept(disabled.flatMap((one) => {
      const name = names.get(one.integration);
      return name === undefined ? [] : [switchedOff(one, name, this.config.lane, Date.now())];
    }));
    this.loop.wake();
  }

  #measureQueues(): void {
    let switchOffAt = 0;
    const measure = async (): Promise<void> => {
      try {
        if (Date.now() >= switchOffAt) {
          switchOffAt = Date.now() + SWITCH_OFF_EVERY_MS;
          await this.#switchOffDead();
        }
        const [depths, disabled] = await Promise.all([this.queue.depths(), this.queue.disabled()]);
        this.signals.queues(this.directory.entries.map(({ receiver }) => receiver.id), depths, new Set(disabled.map(({ integration }) => integration)));
        if (disabled.length > 0) await this.#tellOff(disabled);
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
