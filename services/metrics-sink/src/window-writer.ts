import type { MetricWindow } from '@millrace/contracts';
import type { CounterOf, HistogramOf, Metrics } from '@millrace/service-kit';
import type { MetricCache, MetricHistory, WriteOutcome } from '@millrace/stores';

const WRITE_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const END_TO_END_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];

type Store = 'redis' | 'postgres';

/** The effect of a batch: both stores have it. */
export class WindowWriter {
  readonly #windows: CounterOf<'store' | 'outcome'>;
  readonly #seconds: HistogramOf<'store'>;
  readonly #computedToStored: HistogramOf<never>;
  readonly #closedToStored: HistogramOf<never>;

  constructor(
    private readonly lane: string,
    private readonly cache: MetricCache,
    private readonly history: MetricHistory,
    metrics: Metrics,
    private readonly now: () => number = Date.now,
  ) {
    this.#windows = metrics.counter('windows_total', 'Windows written.', ['store', 'outcome']);
    this.#seconds = metrics.histogram('write_seconds', 'Time of a write to one store.', WRITE_SECONDS, ['store']);
    this.#computedToStored = metrics.histogram('computed_to_stored_seconds', 'From the computation of a window until both stores have it.', END_TO_END_SECONDS);
    this.#closedToStored = metrics.histogram('closed_to_stored_seconds', 'From the end of a final window until both stores have it.', END_TO_END_SECONDS);
  }

  /** Resolves once both stores have the windows. Throws `StoreUnavailableError`; what one store already took is taken again without effect. */
  async write(windows: readonly MetricWindow[]): Promise<void> {
    // All, not any: a write still on its way must not outlive the batch.
    const results = await Promise.allSettled([
      this.#timed('postgres', windows.length, () => this.history.write(this.lane, windows)),
      this.#timed('redis', windows.length, () => this.cache.write(this.lane, windows)),
    ]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    const now = this.now();
    for (const window of windows) {
      this.#computedToStored.observe({}, (now - window.computedAt) / 1_000);
      if (window.final) this.#closedToStored.observe({}, (now - window.windowEnd) / 1_000);
    }
  }

  async #timed(store: Store, count: number, work: () => Promise<WriteOutcome>): Promise<void> {
    if (count === 0) return;
    const started = performance.now();
    const outcome = await work();
    this.#seconds.observe({ store }, (performance.now() - started) / 1_000);
    this.#windows.add({ store, outcome: 'applied' }, outcome.applied);
    this.#windows.add({ store, outcome: 'stale' }, outcome.stale);
    this.#windows.add({ store, outcome: 'expired' }, outcome.expired);
  }
}
