import type { CounterOf, GaugeOf, HistogramOf, Metrics } from './metrics.js';

/** What every consumer tells Prometheus, the same names in every service. */
export interface ConsumerMetrics {
  readonly records: CounterOf<'group' | 'topic'>;
  readonly batches: CounterOf<'group' | 'topic' | 'outcome'>;
  readonly batchSeconds: HistogramOf<'group' | 'topic'>;
  readonly lag: GaugeOf<'group' | 'topic' | 'partition'>;
  readonly blocked: GaugeOf<'group' | 'topic' | 'partition'>;
  readonly deadLetters: CounterOf<'group' | 'topic' | 'reason'>;
  readonly gapRecords: CounterOf<'group' | 'topic'>;
  readonly stalls: CounterOf<'group' | 'topic'>;
  readonly healthy: GaugeOf<'group'>;
}

const BATCH_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function consumerMetrics({ common }: Metrics): ConsumerMetrics {
  return {
    records: common.counter('consumer_records_total', 'Records handled.', ['group', 'topic']),
    batches: common.counter('consumer_batches_total', 'Calls of the handler; outcome ok or failed.', ['group', 'topic', 'outcome']),
    batchSeconds: common.histogram('consumer_batch_seconds', 'Time the handler took for a batch.', BATCH_SECONDS, ['group', 'topic']),
    lag: common.gauge('consumer_lag_records', 'Records not yet handled.', ['group', 'topic', 'partition']),
    blocked: common.gauge('consumer_blocked', '1 while the partition waits for something it depends on.', ['group', 'topic', 'partition']),
    deadLetters: common.counter('consumer_dead_letters_total', 'Records set aside as dead letters.', ['group', 'topic', 'reason']),
    gapRecords: common.counter('consumer_gap_records_total', 'Records that expired before they were read.', ['group', 'topic']),
    stalls: common.counter('consumer_stalls_total', 'Times that offsets stood still although there was lag.', ['group', 'topic']),
    healthy: common.gauge('consumer_healthy', '1 while offsets move or there is nothing to do.', ['group']),
  };
}
