import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { fraudScore, inLane, metricWindow } from '@millrace/contracts';
import { subscribe, type KafkaConnection } from '@millrace/kafka';
import { CONFIG, DatabaseStart, KAFKA, LIFECYCLE, LOGGER, Metrics, superviseConsumer, type Lifecycle, type SupervisedConsumer } from '@millrace/service-kit';
import type { Logger } from 'pino';
import { OrderConsumer } from './orders/order.consumer.js';
import { OutboxRelay } from './outbox-relay.js';
import { Repeating } from './repeating.js';
import { RuleBook } from './rule-book.js';
import { ruleCount, type RuleSet } from './rule-file.js';
import { jobUrlsOf, type RulerConfig } from './ruler.config.js';
import { RulerConsumer } from './ruler.consumer.js';
import { RulerSignals } from './ruler.signals.js';
import { RULER_STORE, type RulerStore } from './ruler-store.js';
import { Freshness } from './system/freshness.js';
import { PartWatch } from './system/part-watch.js';
import { SystemProbe } from './system/system.probe.js';
import { WallClock } from './wall-clock.js';

const GROUP = 'ruler';

/** Starts the ruler's moving parts in order, once the app listens, and registers how each is stopped. */
@Injectable()
export class RulerRuntime implements OnApplicationBootstrap {
  readonly #start: DatabaseStart;
  readonly #signals: RulerSignals;
  readonly #freshness = new Freshness();

  constructor(
    @Inject(CONFIG) private readonly config: RulerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(KAFKA) private readonly kafka: KafkaConnection,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(RuleBook) private readonly book: RuleBook,
    @Inject(RULER_STORE) private readonly store: RulerStore,
  ) {
    this.#start = new DatabaseStart({ config, lifecycle, logger });
    this.#signals = new RulerSignals(metrics);
  }

  onApplicationBootstrap(): void {
    this.#start.begin(() => this.#run());
  }

  async #run(): Promise<void> {
    const relay = await this.#startRelay();
    const ruler = new RulerConsumer(this.config.lane, this.book, this.store, relay, this.#signals);
    const adopt = (rules: RuleSet): Promise<number> => this.#start.untilAvailable(() => ruler.adopt(rules));
    this.#inForce(await adopt(this.book.rules));
    this.#watchRules(adopt);
    const orders = await this.#orderConsumer(relay);
    const { kafka, lifecycle, logger, metrics } = this;
    const consumer = superviseConsumer(
      { kafka, lifecycle, logger, metrics },
      {
        group: GROUP,
        subscriptions: [
          subscribe(metricWindow, async (events, context) => {
            await ruler.handle(events, context);
            this.#freshness.take(events.map(({ event }) => event));
          }),
          subscribe(fraudScore, (events, context) => orders.handle(events, context)),
        ],
      },
    );
    void consumer.start();
    if (!this.config.clockLanes.includes(this.config.lane)) return;
    this.#watchClock(consumer, async (now) => {
      await ruler.look(now);
      await orders.look(now);
    });
    this.#watchSystem(ruler);
  }

  #watchSystem(ruler: RulerConsumer): void {
    const { config, kafka, lifecycle, logger } = this;
    const watch = new PartWatch((part, error) => {
      if (error === null) logger.info({ part }, 'can be asked again how it is');
      else logger.warn({ part, err: error }, 'cannot be asked how it is; what was decided of it stays');
    });
    const probe = new SystemProbe({ kafka, jobs: jobUrlsOf(config.sparkJobs), freshness: this.#freshness, watch });
    const looks = new Repeating(config.probeMs, async () => { await watch.ask('the decision on the system', () => ruler.survey(() => probe.look())); });
    lifecycle.onRelease('probe', () => looks.stop());
    looks.start();
  }

  async #orderConsumer(relay: OutboxRelay): Promise<OrderConsumer> {
    const { book, store, logger } = this;
    const { lane } = this.config;
    return new OrderConsumer({
      lane, book, store, relay, signals: this.#signals, partitions: await this.#partitionsWithScores(),
      onHeldBack: (rule, isHeldBack) => {
        if (isHeldBack) logger.warn({ rule }, 'so many alerts of the rule fire that others are held back');
        else logger.info({ rule }, 'alerts of the rule fire again');
      },
    });
  }

  async #partitionsWithScores(): Promise<ReadonlySet<number>> {
    const topic = inLane(this.config.lane, fraudScore.topic);
    const admin = await this.kafka.admin();
    try {
      const offsets = (await admin.listTopics()).includes(topic) ? await admin.offsets(topic) : [];
      return new Set(offsets.filter(({ low, high }) => high > low).map(({ partition }) => partition));
    } finally {
      await admin.close();
    }
  }

  #watchClock(consumer: SupervisedConsumer, look: (now: number) => Promise<void>): void {
    const clock = new WallClock({
      lag: () => consumer.lag(),
      look,
      onError: (error) => { this.logger.warn({ err: error }, 'cannot tell now what is absent or over'); },
    });
    this.lifecycle.onRelease('clock', () => clock.stop());
    clock.start();
  }

  async #startRelay(): Promise<OutboxRelay> {
    const publisher = await this.kafka.publisher();
    this.lifecycle.onRelease('publisher', () => publisher.close());
    const relay = new OutboxRelay(this.store, publisher, this.#signals, (error, attempt) => {
      this.logger.warn({ err: error, attempt }, 'alerts cannot be published now; they are kept');
    });
    this.lifecycle.onRelease('outbox', () => relay.stop());
    relay.start();
    return relay;
  }

  #watchRules(adopt: (rules: RuleSet) => Promise<number>): void {
    this.book.watch({
      adopt: async (rules) => { this.#inForce(await adopt(rules)); },
      refused: (problems) => {
        this.#signals.rules(ruleCount(this.book.rules), false);
        this.logger.error({ problems, version: this.book.rules.version }, 'the rules file has errors; the rules before it stay in force');
      },
    });
    this.lifecycle.onRelease('rules', async () => {
      await this.#start.stop();
      await this.book.close();
    });
    this.lifecycle.addCheck('rules', () => (this.book.problems.length === 0 ? null : `the rules before stay in force: ${this.book.problems.join('; ')}`));
  }

  #inForce(ended: number): void {
    const { version } = this.book.rules;
    const count = ruleCount(this.book.rules);
    this.#signals.rules(count, true);
    this.logger.info({ file: this.book.file, version, rules: count, ended }, 'rules in force');
  }
}
