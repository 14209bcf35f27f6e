import { setTimeout as pause } from 'node:timers/promises';
import { metricCatalogue } from '@millrace/contracts';
import type { Lifecycle, SupervisedConsumer } from '@millrace/service-kit';
import { migrate, StoreUnavailableError, type MetricHistory } from '@millrace/stores';
import type { Logger } from 'pino';
import type { CacheKeeper } from './cache-keeper.js';
import type { MetricsSinkConfig } from './metrics-sink.config.js';
import type { MetricGauges } from './metric-gauges.js';

const RETRY_MS = 1_000;

interface Parts {
  readonly config: MetricsSinkConfig;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  readonly history: MetricHistory;
  readonly keeper: CacheKeeper;
  readonly gauges: MetricGauges;
  readonly consumer: SupervisedConsumer;
}

/** Starts the work once the app listens: schema, gauges, cache, consumer. Waits for PostgreSQL as long as it takes. */
export class MetricsSinkRunner {
  readonly #stop = new AbortController();

  constructor(private readonly parts: Parts) {
    parts.lifecycle.onRelease('runner', () => { this.#stop.abort(); });
  }

  onApplicationBootstrap(): void {
    this.#run().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.parts.lifecycle.fail(error instanceof Error ? error : new Error(String(error)));
    });
  }

  async #run(): Promise<void> {
    const { config, history, gauges, keeper, consumer, logger } = this.parts;
    const ran = await this.#persist(() => migrate(config.postgresUrl));
    if (ran.length > 0) logger.info({ migrations: ran }, 'database migrated');
    const selections = metricCatalogue.flatMap(({ name, windows }) => windows.map((window) => ({ metric: name, window })));
    gauges.observe(await this.#persist(() => history.latest(config.lane, selections)));
    this.#stop.signal.throwIfAborted();
    keeper.start();
    await consumer.start();
  }

  /** Tries until the store answers. */
  async #persist<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      this.#stop.signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        this.parts.logger.warn({ err: error }, 'waiting for the database');
        await pause(RETRY_MS, undefined, { signal: this.#stop.signal });
      }
    }
  }
}
