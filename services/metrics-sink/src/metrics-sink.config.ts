import { commonSettings, setting, type ConfigOf } from '@millrace/service-kit';
import { z } from 'zod';

export const metricsSinkSettings = {
  ...commonSettings(8102),
  maxBatch: setting('MILLRACE_METRICS_SINK_MAX_BATCH', 'Most windows in one write.', z.coerce.number().int().min(1).max(10_000).default(1_000)),
  seriesPerMetric: setting(
    'MILLRACE_METRICS_SINK_SERIES_PER_METRIC',
    'Most Prometheus series of one metric; further ones are only counted.',
    z.coerce.number().int().min(1).max(10_000).default(200),
  ),
  cacheCheckMs: setting('MILLRACE_METRICS_SINK_CACHE_CHECK_MS', 'How often Redis is asked whether it lost data, ms.', z.coerce.number().int().min(50).max(30_000).default(1_000)),
} as const;

export type MetricsSinkConfig = ConfigOf<typeof metricsSinkSettings>;
