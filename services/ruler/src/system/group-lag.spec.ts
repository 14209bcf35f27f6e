import { expect, test } from '@jest/globals';
import { lagReadings, type GroupLag, type PartitionLag } from './group-lag.js';

const NOW = 10_000_000;
const read: PartitionLag = { partition: 0, next: 50, low: 0, high: 50, oldestAt: null };
const behind = (partition: number, given: Partial<PartitionLag> = {}): PartitionLag => ({ partition, next: 40, low: 0, high: 50, oldestAt: NOW - 600_000, ...given });

const lag = (partitions: readonly PartitionLag[], given: Partial<GroupLag> = {}): GroupLag =>
  ({ group: 'sink', topic: 'shop.orders.v1', brokerTopic: 'r1.shop.orders.v1', partitions, retentionMs: 3_600_000, exact: true, ...given });
const readingsOf = (given: GroupLag): string[] => lagReadings(given, NOW).map(({ metric, value }) => `${metric} ${value}`);

test('lag is summed, time to data loss is that of the partition that is nearest to it', () => {
  const readings = lagReadings(lag([read, behind(1), behind(2, { oldestAt: NOW - 1_200_000 })]), NOW);
  expect(readings).toEqual([
    {
      metric: 'consumer_lag', dimensions: { group: 'sink', topic: 'shop.orders.v1' }, value: 20, count: 20,
      offsets: [{ topic: 'r1.shop.orders.v1', partition: 1, firstOffset: 40, lastOffset: 49 }, { topic: 'r1.shop.orders.v1', partition: 2, firstOffset: 40, lastOffset: 49 }],
    },
    {
      metric: 'time_to_data_loss', dimensions: { group: 'sink', topic: 'shop.orders.v1' }, value: 2_400, count: 20,
      offsets: [{ topic: 'r1.shop.orders.v1', partition: 2, firstOffset: 40, lastOffset: 49 }],
    },
  ]);
});

test('without lag there is nothing to lose', () => {
  expect(readingsOf(lag([read]))).toEqual(['consumer_lag 0']);
});

test('what is gone already is 0, and no lag', () => {
  const readings = lagReadings(lag([behind(1, { low: 45, oldestAt: null }), behind(2)]), NOW);
  expect(readings.map(({ value }) => value)).toEqual([15, 0]);
  expect(readings[1]?.offsets).toEqual([{ topic: 'r1.shop.orders.v1', partition: 1, firstOffset: 40, lastOffset: 49 }]);
});

test('a record older than retention allows may be gone any moment', () => {
  expect(readingsOf(lag([behind(1, { oldestAt: NOW - 4_000_000 })]))).toEqual(['consumer_lag 10', 'time_to_data_loss 0']);
});

test.each([
  ['a topic that is kept for ever', lag([behind(1)], { retentionMs: null })],
  ['a record of unknown age', lag([behind(1, { oldestAt: null })])],
])('%s has no time to data loss', (_, given) => {
  expect(readingsOf(given)).toEqual(['consumer_lag 10']);
});

test('offsets that are worked out are no evidence', () => {
  expect(lagReadings(lag([behind(1)], { exact: false }), NOW).flatMap(({ offsets }) => offsets)).toEqual([]);
});
