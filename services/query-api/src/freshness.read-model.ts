import { metricCatalogue, windowDefinitions } from '@millrace/contracts';
import type { MetricReading } from '@millrace/stores';
import { asOfMs, metricAsOfMs, staleAfterMs } from './freshness.rule.js';
import type { FreshnessDto } from './wire.dto.js';
import { iso } from './wire.mapper.js';

/** How fresh each metric of the catalogue is, from the newest windows there are of it. */
export function freshnessOf(readings: Iterable<MetricReading>, now: number): FreshnessDto[] {
  const byMetric = new Map<string, number>();
  const byTopic = new Map<string, number>();
  for (const reading of readings) {
    const asOf = asOfMs(reading);
    keepLatest(byMetric, reading.metric, asOf);
    const topic = reading.metric === 'events' ? reading.dimensions['topic'] : undefined;
    if (topic !== undefined) keepLatest(byTopic, topic, asOf);
  }
  return metricCatalogue.map((metric) => {
    const window = metric.windows[0] ?? '1m';
    const staleAfter = staleAfterMs(windowDefinitions[window]);
    const own = byMetric.get(metric.name);
    // The count of events is the measure of the sources: it has none of its own.
    const asOf = own === undefined ? null : metric.name === 'events' ? own : metricAsOfMs(own, metric.sources.map((topic) => byTopic.get(topic) ?? null));
    const ageMs = asOf === null ? null : Math.max(0, Math.round(now - asOf));
    return { metric: metric.name, window, asOf: asOf === null ? null : iso(asOf), ageMs, staleAfterMs: staleAfter, stale: ageMs === null || ageMs > staleAfter };
  });
}

function keepLatest(map: Map<string, number>, key: string, asOf: number): void {
  map.set(key, Math.max(asOf, map.get(key) ?? Number.NEGATIVE_INFINITY));
}
