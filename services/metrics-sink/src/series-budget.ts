import { metricCatalogue, type MetricWindow } from '@millrace/contracts';

/** Dimensions with few values: the only ones that may become Prometheus labels. */
export const LABEL_DIMENSIONS = ['category', 'country', 'currency', 'topic'] as const;

/** Longer values are no names of anything, ms would not show them and Prometheus pays for each byte. */
const MAX_LABEL_LENGTH = 64;

/** `shown`; or why not: `undeclared` (not in the catalogue, or by a dimension with many values), `length`, `cap`. */
export type SeriesVerdict = 'shown' | 'undeclared' | 'length' | 'cap';

/** Decides which series Prometheus gets, so that no input can make it grow without bound. */
export class SeriesBudget {
  readonly #shown = new Map<string, Set<string>>();
  readonly #declared = new Set<string>();

  /** @param perMetric most series of one metric, all its windows together. */
  constructor(private readonly perMetric: number) {
    const labels = new Set<string>(LABEL_DIMENSIONS);
    for (const metric of metricCatalogue) {
      for (const names of metric.dimensions.filter((set) => set.every((name) => labels.has(name)))) {
        for (const window of metric.windows) this.#declared.add(`${metric.name} ${window} ${[...names].sort().join(',')}`);
      }
    }
  }

  judge({ metric, window, metricKey, dimensions }: Pick<MetricWindow, 'metric' | 'window' | 'metricKey' | 'dimensions'>): SeriesVerdict {
    if (!this.#declared.has(`${metric} ${window} ${byOf(dimensions)}`)) return 'undeclared';
    if (Object.values(dimensions).some((value) => value.length > MAX_LABEL_LENGTH)) return 'length';
    const shown = this.#shown.get(metric) ?? new Set();
    this.#shown.set(metric, shown);
    const series = `${window} ${metricKey}`;
    if (shown.has(series)) return 'shown';
    if (shown.size >= this.perMetric) return 'cap';
    shown.add(series);
    return 'shown';
  }
}

/** Names of the dimensions, sorted, comma-separated. */
export function byOf(dimensions: Readonly<Record<string, string>>): string {
  return Object.keys(dimensions).sort().join(',');
}
