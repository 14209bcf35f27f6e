import type { CounterOf, GaugeOf, Lifecycle, Metrics } from '@millrace/service-kit';
import { CACHE_BOUNDS, StoreUnavailableError, type MetricHistory, type RedisMetricCache } from '@millrace/stores';
import type { Logger } from 'pino';

/** A Redis that loses something all the time is not refilled all the time: the pauses double up to this, ms. */
const LONGEST_PAUSE_MS = 30_000;

interface Kit {
  readonly lane: string;
  readonly cache: RedisMetricCache;
  readonly history: MetricHistory;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How often to look, ms. */
  readonly checkMs: number;
}

/** Refills Redis from history whenever it lost something: at the start, after a flush, a restart, an eviction. */
export class CacheKeeper {
  readonly #complete: GaugeOf<never>;
  readonly #rebuilds: CounterOf<'outcome'>;
  readonly #windows: CounterOf<never>;
  #state: 'unknown' | 'complete' | 'incomplete' = 'unknown';
  /** Looks in a row that found something missing. */
  #losses = 0;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly kit: Kit) {
    const { metrics, lifecycle } = kit;
    this.#complete = metrics.gauge('cache_complete', '1 while Redis holds all that it should.');
    this.#rebuilds = metrics.counter('rebuilds_total', 'Refills of Redis from history.', ['outcome']);
    this.#windows = metrics.counter('rebuilt_windows_total', 'Windows put back into Redis from history.');
    this.#complete.set({}, 0);
    lifecycle.addCheck('cache', () => (this.#state === 'complete' ? null : 'Redis is not rebuilt from history yet'));
    lifecycle.onRelease('cache keeper', () => this.#stop());
  }

  start(): void {
    this.#running = this.#look();
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  async #look(): Promise<void> {
    try {
      const complete = await this.kit.cache.isComplete(this.kit.lane);
      this.#become(complete ? 'complete' : 'incomplete');
      this.#losses = complete ? 0 : this.#losses + 1;
      if (!complete) await this.#rebuild();
    } catch (error) {
      this.#become('unknown');
      if (!(error instanceof StoreUnavailableError)) this.kit.lifecycle.fail(error instanceof Error ? error : new Error(String(error)));
      else this.kit.logger.debug({ err: error }, 'cache not looked at');
    }
    if (this.#stopped) return;
    const pause = Math.min(LONGEST_PAUSE_MS, this.kit.checkMs * 2 ** this.#losses);
    this.#timer = setTimeout(() => { this.#running = this.#look(); }, pause);
    this.#timer.unref();
  }

  async #rebuild(): Promise<void> {
    const { lane, cache, history, logger } = this.kit;
    const started = performance.now();
    let windows = 0;
    logger.info('cache incomplete: rebuilding it from history');
    try {
      const complete = await cache.rebuild(lane, async () => {
        for await (const chunk of history.recent(lane, CACHE_BOUNDS)) {
          await cache.restore(lane, chunk);
          windows += chunk.length;
          if (this.#stopped) throw new StoreUnavailableError('redis', 'connection', 'stopping');
        }
      });
      this.#windows.add({}, windows);
      this.#rebuilds.add({ outcome: complete ? 'complete' : 'lost-again' });
      if (complete) this.#become('complete');
      logger.info({ windows, complete, ms: Math.round(performance.now() - started) }, 'cache rebuilt');
    } catch (error) {
      this.#rebuilds.add({ outcome: 'failed' });
      logger.warn({ windows, err: error }, 'rebuild failed');
      throw error;
    }
  }

  #become(state: 'unknown' | 'complete' | 'incomplete'): void {
    if (state === this.#state) return;
    this.kit.logger.info({ from: this.#state, to: state }, 'cache state');
    this.#state = state;
    this.#complete.set({}, state === 'complete' ? 1 : 0);
  }
}
