import type { Kafka } from 'kafkajs';
import { InfrastructureError } from '../errors.js';
import { clusterOf, type Cluster, type FetchedMessage } from '../internals/cluster.access.js';
import { protocolErrorOf, rootCause } from '../kafkajs.client.js';
import type { RecordPosition } from '../port.js';
import { untilDeadline } from '../timing.js';

const FETCH_WAIT_MS = 500;
/** The broker gives the first batch whole, however small this is. */
const FETCH_BYTES = 1;

/** What the broker says of a place that is not in the log: before its beginning, behind its end, or in a topic that was removed. */
const NOT_THERE = new Set(['OFFSET_OUT_OF_RANGE', 'UNKNOWN_TOPIC_OR_PARTITION']);

/** The message at one place of the log; null where retention, compaction or a removed topic took it. Throws {@link InfrastructureError}. */
export async function readPlace(kafka: Kafka, place: RecordPosition, timeoutMs: number): Promise<FetchedMessage | null> {
  const cluster = clusterOf(kafka);
  try {
    return await untilDeadline(fetchAt(cluster, place), timeoutMs);
  } catch (error) {
    if (NOT_THERE.has(protocolErrorOf(error) ?? '')) return null;
    throw error instanceof InfrastructureError ? error : new InfrastructureError(`Kafka: ${rootCause(error).message}`, { cause: error });
  } finally {
    await cluster.disconnect().catch(() => undefined);
  }
}

async function fetchAt(cluster: Cluster, { topic, partition, offset }: RecordPosition): Promise<FetchedMessage | null> {
  await cluster.connect();
  await cluster.addTargetTopic(topic);
  const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
  if (nodeId === undefined) return null;
  const broker = await cluster.findBroker({ nodeId });
  const { responses } = await broker.fetch({
    maxWaitTime: FETCH_WAIT_MS,
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: FETCH_BYTES }] }],
  });
  const messages = responses.flatMap(({ partitions }) => partitions.flatMap((fetched) => fetched.messages));
  return messages.find((message) => Number(message.offset) === offset && message.isControlRecord !== true) ?? null;
}
