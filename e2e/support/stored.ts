import { createPool, PostgresMetricHistory, type MetricReading, type PostgresPool } from '@millrace/stores';
import { address } from '@millrace/testing';

const EVERYTHING = Object.fromEntries(['1m', '10m', '1h', '1d', '1mo'].map((window) => [window, Number.MAX_SAFE_INTEGER]));

/** What the lane's history holds. */
export class StoredMetrics {
  readonly history: PostgresMetricHistory;
  readonly #pool: PostgresPool;
  readonly #lane: string;

  constructor(lane: string) {
    this.#lane = lane;
    this.#pool = createPool(address('MILLRACE_POSTGRES_URL'), 'e2e', { max: 2 });
    this.history = new PostgresMetricHistory(this.#pool);
  }

  async all(): Promise<MetricReading[]> {
    const readings: MetricReading[] = [];
    for await (const chunk of this.history.recent(this.#lane, EVERYTHING)) readings.push(...chunk);
    return readings;
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
