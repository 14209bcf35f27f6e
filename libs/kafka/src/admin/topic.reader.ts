import { randomUUID } from 'node:crypto';
import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { RawHeaders, StoredRecord } from '../port.js';
import { untilDeadline } from '../timing.js';
import type { KafkaAdmin } from './kafka.admin.js';

const FETCH_WAIT_MS = 100;

/** Reads a topic from its beginning to where it ends now, in a group that is removed again. */
export async function readTopic(kafka: Kafka, admin: KafkaAdmin, topic: string, timeoutMs: number): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  await scanTopic(kafka, admin, topic, timeoutMs, (record) => records.push(record));
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** As {@link readTopic}, but holds none of the records: each goes to `visit`, in the order of its partition. */
export async function scanTopic(
  kafka: Kafka,
  admin: KafkaAdmin,
  topic: string,
  timeoutMs: number,
  visit: (record: StoredRecord) => void,
): Promise<void> {
  const group = `millrace-read-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId: group, maxWaitTimeInMs: FETCH_WAIT_MS, allowAutoTopicCreation: false });
  try {
    const ends = new Map((await admin.offsets(topic)).filter(({ low, high }) => high > low).map(({ partition, high }) => [partition, high]));
    if (ends.size === 0) return;
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const done = new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        if (!payload.restart) reject(payload.error);
      });
      const eachBatch = ({ batch }: EachBatchPayload): Promise<void> => {
        const end = ends.get(batch.partition) ?? 0;
        for (const message of batch.messages) if (Number(message.offset) < end) visit(stored(topic, batch.partition, message));
        if (Number(batch.lastOffset()) + 1 >= end) ends.delete(batch.partition);
        if (ends.size === 0) resolve();
        return Promise.resolve();
      };
      consumer.run({ autoCommit: false, eachBatch }).catch(reject);
    });
    await untilDeadline(done, timeoutMs);
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([group]);
    await admin.close();
  }
}

/** A message of a topic as the port gives it. */
export function stored(topic: string, partition: number, message: KafkaMessage): StoredRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key,
    value: message.value,
    headers: (message.headers ?? {}) as RawHeaders,
    timestamp: Number(message.timestamp),
  };
}
