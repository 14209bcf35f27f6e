import type { HistogramOf, Lifecycle, Metrics } from '@millrace/service-kit';
import { StoreUnavailableError } from '@millrace/stores';
import type { Logger } from 'pino';
import type { QualityReport } from './quality.report.js';

/** Computing takes at most a tenth of the time, however large the tables are. */
const PAUSE_PER_WORK = 9;
const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

interface Kit {
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Least pause, ms. */
  readonly everyMs: number;
  readonly compute: () => Promise<QualityReport | null>;
  readonly show: (report: QualityReport | null) => void;
}

/** `undefined` until quality was computed once; null while there is no score. */
export type LatestReport = QualityReport | null | undefined;

/** Computes quality again and again and holds the latest. */
export class QualityRunner {
  readonly #seconds: HistogramOf<never>;
  #latest: LatestReport;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly kit: Kit) {
    this.#seconds = kit.metrics.histogram('quality_seconds', 'Time to compute quality.', SECONDS);
    kit.lifecycle.onRelease('quality', () => this.#stop());
  }

  get latest(): LatestReport {
    return this.#latest;
  }

  start(): void {
    this.#running = this.#run();
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const started = performance.now();
    try {
      this.#latest = await this.kit.compute();
      this.kit.show(this.#latest);
      this.#seconds.observe({}, (performance.now() - started) / 1_000);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) this.kit.lifecycle.fail(error instanceof Error ? error : new Error(String(error)));
      else this.kit.logger.warn({ err: error }, 'quality cannot be computed now');
    }
    if (this.#stopped) return;
    const pause = Math.max(this.kit.everyMs, PAUSE_PER_WORK * (performance.now() - started));
    this.#timer = setTimeout(() => { this.start(); }, pause);
    this.#timer.unref();
  }
}
