import { runService } from '@millrace/service-kit';
import { metricsSink } from './metrics-sink.definition.js';

await runService(metricsSink);
