import type { ServiceDefinition } from '@millrace/service-kit';
import { metricsSinkSettings } from './metrics-sink.config.js';
import { MetricsSinkModule } from './metrics-sink.module.js';

export const metricsSink: ServiceDefinition<typeof metricsSinkSettings> = { name: 'metrics-sink', settings: metricsSinkSettings, module: MetricsSinkModule };
