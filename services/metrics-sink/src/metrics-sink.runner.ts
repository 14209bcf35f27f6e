import { metricCatalogue } from '@millrace/contracts';
import { DatabaseStart, type Lifecycle, type SupervisedConsumer } from '@millrace/service-kit';
import type { MetricHistory } from '@millrace/stores';
import type { Logger } from 'pino';
import type { CacheKeeper } from './cache-keeper.js';
import type { MetricsSinkConfig } from './metrics-sink.config.js';
import type { MetricGauges } from './metric-gauges.js';

interface Parts {
  readonly config: MetricsSinkConfig;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  readonly history: MetricHistory;
  readonly keeper: CacheKeeper;
  readonly gauges: MetricGauges;
  readonly consumer: SupervisedConsumer;
}

/** Starts the work once the app listens and the database is there: gauges, cache, consumer. */
export class MetricsSinkRunner {
  readonly #start: DatabaseStart;

  constructor(private readonly parts: Parts) {
    this.#start = new DatabaseStart(parts);
  }

  onApplicationBootstrap(): void {
    const { config, history, gauges, keeper, consumer } = this.parts;
    this.#start.begin(async () => {
      const selections = metricCatalogue.flatMap(({ name, windows }) => windows.map((window) => ({ metric: name, window })));
      gauges.observe(await this.#start.untilAvailable(() => history.latest(config.lane, selections)));
      keeper.start();
      void consumer.start();
    });
  }
}
