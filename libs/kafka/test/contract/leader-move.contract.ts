import { expect, it } from '@jest/globals';
import { testKafkaSettings, uniqueLane } from '@millrace/testing';
import type { CreateKafka } from './connect.js';
import { FakeCluster } from './fake-cluster.js';

/** On a fake cluster of two, since a real one does not move a leader between two tries of one send. */
export function leaderMoveContract(createKafka: CreateKafka): void {
  it.each([
    ['to a broker that has already answered', [0, 1], { partition: 1, thenLead: [0, 0] }],
    ['away from the broker that was asked', [0, 0], { partition: 0, thenLead: [1, 1] }],
  ])('F6: a leader that moves %s: every record is in the log once', async (_name, leaders, failure) => {
    const cluster = await FakeCluster.start(2);
    cluster.lead(leaders);
    const kafka = createKafka({ ...testKafkaSettings(uniqueLane()), brokers: cluster.addresses });
    const publisher = await kafka.publisher({ requestTimeoutMs: 1_000, deadlineMs: 10_000 });
    const record = (partition: number, value: string): { topic: string; key: Buffer; value: Buffer; partition: number } => ({ topic: FakeCluster.topic, key: Buffer.from('k'), value: Buffer.from(value), partition });
    await publisher.publishRaw([record(0, 'x')]);
    cluster.failNextProduce(failure);
    await publisher.publishRaw([record(0, 'y'), record(1, 'z'), record(1, 'last')]);
    await publisher.close();
    await cluster.close();
    expect(cluster.failures).toBe(1);
    expect(cluster.log).toEqual([['x', 'y'], ['z', 'last']]);
  });
}
