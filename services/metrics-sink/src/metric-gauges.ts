import { metricCatalogue } from '@millrace/contracts';
import type { GaugeOf, CounterOf, Metrics } from '@millrace/service-kit';
import type { MetricReading } from '@millrace/stores';
import { byOf, LABEL_DIMENSIONS, SeriesBudget } from './series-budget.js';

type ValueLabel = 'metric' | 'window' | 'by' | (typeof LABEL_DIMENSIONS)[number];

interface Newest {
  readonly metric: string;
  readonly window: string;
  windowEnd: number;
  computedAt: number;
}

/** The newest values as Prometheus gauges, and how old they are. */
export class MetricGauges {
  readonly #value: GaugeOf<ValueLabel>;
  readonly #finalValue: GaugeOf<ValueLabel>;
  readonly #freshness: GaugeOf<'metric' | 'window'>;
  readonly #windowLag: GaugeOf<'metric' | 'window'>;
  readonly #overCap: CounterOf<'metric' | 'reason'>;
  readonly #budget: SeriesBudget;
  readonly #values = new Map<string, MetricReading>();
  readonly #finals = new Map<string, MetricReading>();
  readonly #newest = new Map<string, Newest>();
  readonly #declared = new Set(metricCatalogue.map(({ name }) => name));

  constructor(
    metrics: Metrics,
    seriesPerMetric: number,
    private readonly now: () => number = Date.now,
  ) {
    const labels = ['metric', 'window', 'by', ...LABEL_DIMENSIONS] as const;
    const age = ['metric', 'window'] as const;
    this.#budget = new SeriesBudget(seriesPerMetric);
    this.#value = metrics.common.gauge('metric_value', 'Value of the newest window, which may still grow; money in minor units.', labels);
    this.#finalValue = metrics.common.gauge('metric_final_value', 'Value of the newest window that is final; money in minor units.', labels);
    this.#freshness = metrics.common.gauge('metric_freshness_seconds', 'Time since the newest result was computed.', age);
    this.#windowLag = metrics.common.gauge('metric_window_lag_seconds', 'Time since the end of the newest window; 0 while it is open.', age);
    this.#overCap = metrics.counter('series_over_cap_total', 'Values not shown: there would be too many series, or a label too long.', ['metric', 'reason']);
    metrics.onScrape(() => { this.#age(); });
  }

  /** Takes windows in any order; a window older than the one shown, or a lower revision of it, changes nothing. */
  observe(readings: readonly MetricReading[]): void {
    for (const reading of readings) {
      if (!this.#declared.has(reading.metric)) continue;
      this.#rejuvenate(reading);
      const verdict = this.#budget.judge(reading);
      if (verdict === 'cap' || verdict === 'length') this.#overCap.add({ metric: reading.metric, reason: verdict });
      if (verdict !== 'shown') continue;
      this.#show(reading, this.#values, this.#value);
      if (reading.final) this.#show(reading, this.#finals, this.#finalValue);
    }
  }

  #show(reading: MetricReading, shown: Map<string, MetricReading>, gauge: GaugeOf<ValueLabel>): void {
    const id = `${reading.window} ${reading.metricKey}`;
    const held = shown.get(id);
    if (held !== undefined && (held.windowStart > reading.windowStart || (held.windowStart === reading.windowStart && held.revision >= reading.revision))) return;
    shown.set(id, reading);
    const { dimensions } = reading;
    gauge.set(
      {
        metric: reading.metric, window: reading.window, by: byOf(dimensions), category: dimensions['category'] ?? '',
        country: dimensions['country'] ?? '', currency: dimensions['currency'] ?? '', topic: dimensions['topic'] ?? '',
      },
      reading.value,
    );
  }

  #rejuvenate({ metric, window, windowEnd, computedAt }: MetricReading): void {
    const id = `${metric} ${window}`;
    const newest = this.#newest.get(id);
    if (newest === undefined) {
      this.#newest.set(id, { metric, window, windowEnd, computedAt });
      return;
    }
    newest.windowEnd = Math.max(newest.windowEnd, windowEnd);
    newest.computedAt = Math.max(newest.computedAt, computedAt);
  }

  #age(): void {
    const now = this.now();
    for (const { metric, window, windowEnd, computedAt } of this.#newest.values()) {
      this.#freshness.set({ metric, window }, (now - computedAt) / 1_000);
      this.#windowLag.set({ metric, window }, Math.max(0, now - windowEnd) / 1_000);
    }
  }
}
