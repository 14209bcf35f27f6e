import { expect, test } from '@jest/globals';
import { batchReadings, reportOf, type JobReport } from './spark-job.js';

const PAGE = `# HELP millrace_spark_batch_seconds Time a batch took.
# TYPE millrace_spark_batch_seconds histogram
millrace_spark_batch_seconds_bucket{lane="live",le="1.0",part="all"} 3.0
millrace_spark_batch_seconds_count{lane="live",part="all"} 4.0
millrace_spark_batch_seconds_sum{lane="live",part="all"} 10.0
millrace_spark_batch_seconds_count{lane="live",part="query"} 4.0
millrace_spark_batch_seconds_sum{lane="live",part="query"} 7.0
millrace_spark_last_batch_seconds{lane="live"} 1.763e+09
millrace_spark_lag_records{lane="live",partition="1",topic="shop.orders.v1"} 12.0
millrace_fraud_lag_records{lane="live",topic="shop.clickstream.v1",partition="0"} 5
millrace_spark_lag_records{lane="r1",partition="0",topic="shop.orders.v1"} 99.0
millrace_spark_watermark_seconds{lane="live",topic="shop.orders.v1"} NaN
`;

test('reads lag and batches of the lane from a page of metrics', () => {
  expect(reportOf('spark', PAGE, 'live')).toEqual({
    job: 'spark', batches: 4, seconds: 10, lastBatchAt: 1_763_000_000_000,
    backlog: [{ job: 'spark', topic: 'shop.orders.v1', partition: 1, lag: 12 }, { job: 'spark', topic: 'shop.clickstream.v1', partition: 0, lag: 5 }],
  });
  expect(reportOf('spark', 'not a page', 'live')).toEqual({ job: 'spark', batches: 0, seconds: 0, lastBatchAt: null, backlog: [] });
});

const report = (given: Partial<JobReport>): JobReport => ({ job: 'spark', batches: 4, seconds: 10, lastBatchAt: 1_000_000, backlog: [{ job: 'spark', topic: 't', partition: 0, lag: 1 }], ...given });
const durations = (before: JobReport | undefined, after: JobReport): number[] => batchReadings(before, after, 1_045_000).map(({ value }) => value);

test('a duration is the mean over the batches between two looks', () => {
  expect(durations(report({}), report({ batches: 6, seconds: 15 }))).toEqual([2.5]);
});

test('while a batch does not end although there is lag, it counts from the end of the last one', () => {
  expect(durations(report({}), report({}))).toEqual([45]);
  expect(durations(report({}), report({ backlog: [] }))).toEqual([]);
});

test('the first look, and the first after a new start, say nothing', () => {
  expect(durations(undefined, report({}))).toEqual([]);
  expect(durations(report({}), report({ batches: 1, seconds: 20 }))).toEqual([]);
});
