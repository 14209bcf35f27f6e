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

/** Control batches passed over in search of a record: each is the end of a transaction without one. */
const MOST_MARKS = 16;

/** The message at one place of the log; null where retention, compaction or a removed topic took it. Throws {@link InfrastructureError}. */
export async function readPlace(kafka: Kafka, place: RecordPosition, timeoutMs: number): Promise<FetchedMessage | null> {
  const batch = await inCluster(kafka, timeoutMs, (cluster) => fetchAt(cluster, place));
  return batch.find((message) => Number(message.offset) === place.offset && isRecord(message)) ?? null;
}

/** Of each place the first message at it or after it; null where there is none, or retention took the place. Throws {@link InfrastructureError}. */
export function readNext(kafka: Kafka, places: readonly RecordPosition[], timeoutMs: number): Promise<readonly (FetchedMessage | null)[]> {
  return inCluster(kafka, timeoutMs, async (cluster) => {
    const found: (FetchedMessage | null)[] = [];
    for (const place of places) found.push(await fetchNext(cluster, place));
    return found;
  });
}

async function inCluster<T>(kafka: Kafka, timeoutMs: number, read: (cluster: Cluster) => Promise<T>): Promise<T> {
  const cluster = clusterOf(kafka);
  try {
    return await untilDeadline(cluster.connect().then(() => read(cluster)), timeoutMs);
  } catch (error) {
    throw error instanceof InfrastructureError ? error : new InfrastructureError(`Kafka: ${rootCause(error).message}`, { cause: error });
  } finally {
    await cluster.disconnect().catch(() => undefined);
  }
}

async function fetchNext(cluster: Cluster, place: RecordPosition): Promise<FetchedMessage | null> {
  let { offset } = place;
  for (let tries = 0; tries < MOST_MARKS; tries += 1) {
    const batch = await fetchAt(cluster, { ...place, offset });
    const found = batch.find((message) => Number(message.offset) >= offset && isRecord(message));
    const last = batch.at(-1);
    if (found !== undefined || last === undefined) return found ?? null;
    offset = Number(last.offset) + 1;
  }
  return null;
}

/** The messages of the batch at a place; none where it is not in the log. */
async function fetchAt(cluster: Cluster, { topic, partition, offset }: RecordPosition): Promise<readonly FetchedMessage[]> {
  try {
    await cluster.addTargetTopic(topic);
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
    if (nodeId === undefined) return [];
    const broker = await cluster.findBroker({ nodeId });
    const { responses } = await broker.fetch({
      maxWaitTime: FETCH_WAIT_MS,
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: FETCH_BYTES }] }],
    });
    return responses.flatMap(({ partitions }) => partitions.flatMap((fetched) => fetched.messages));
  } catch (error) {
    if (NOT_THERE.has(protocolErrorOf(error) ?? '')) return [];
    throw error;
  }
}

function isRecord({ isControlRecord }: FetchedMessage): boolean {
  return isControlRecord !== true;
}
