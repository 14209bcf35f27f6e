import { inLane, LIVE_LANE, topicOfLane } from '@millrace/contracts';
import type { EventAdmin, KafkaConnection, RecordPosition } from '@millrace/kafka';
import type { GroupLag, PartitionLag } from './group-lag.js';

/** A job that commits no offsets to Kafka: how many records of a partition it has not read. */
export interface JobBacklog {
  readonly job: string;
  /** Without its lane. */
  readonly topic: string;
  readonly partition: number;
  readonly lag: number;
}

/** Where a reader stands in one partition. */
interface Place {
  readonly group: string;
  readonly brokerTopic: string;
  readonly partition: number;
  readonly exact: boolean;
  next(ends: Ends): number;
}

interface Ends {
  readonly low: number;
  readonly high: number;
}

/**
 * Asks the broker how far everybody has read: the lane's consumer groups, by the offsets they have committed, and the given jobs. Partitions
 * of which a group has committed no offset are left out: nobody knows whether it wants them. Throws `InfrastructureError`.
 */
export async function measureLag(kafka: KafkaConnection, jobs: readonly JobBacklog[]): Promise<GroupLag[]> {
  const { lane } = kafka.settings;
  const admin = await kafka.admin();
  try {
    const existing = new Set(await admin.listTopics());
    const places = [...(await committedPlaces(admin, lane)), ...jobs.map((backlog) => placeOfJob(lane, backlog))];
    const wanted = places.filter(({ brokerTopic }) => existing.has(brokerTopic) && topicOfLane(lane, brokerTopic) !== null);
    const topics = [...new Set(wanted.map(({ brokerTopic }) => brokerTopic))];
    const settings = await admin.topicSettings(topics);
    const ends = await endsOf(admin, topics);
    const partitions = await withOldest(kafka, wanted, ends);
    return grouped(lane, partitions, (topic) => retentionMsOf(settings.get(topic)));
  } finally {
    await admin.close();
  }
}

/** Until when a topic with these settings keeps a record, ms after the record; null: no time says. */
export function retentionMsOf(settings: Readonly<Record<string, string>> = {}): number | null {
  const retentionMs = Number(settings['retention.ms'] ?? -1);
  const deletes = (settings['cleanup.policy'] ?? '').split(',').includes('delete');
  return deletes && retentionMs >= 0 ? retentionMs : null;
}

async function committedPlaces(admin: EventAdmin, lane: string): Promise<Place[]> {
  const prefix = lane === LIVE_LANE ? '' : inLane(lane, '');
  const places: Place[] = [];
  for (const group of await admin.listGroups()) {
    if (!group.startsWith(prefix)) continue;
    for (const { topic, partition, offset } of await admin.committedOffsets(group)) {
      places.push({ group: group.slice(prefix.length), brokerTopic: topic, partition, exact: true, next: () => offset });
    }
  }
  return places;
}

/** What was asked at another moment says nothing as exact as that records are lost. */
function placeOfJob(lane: string, { job, topic, partition, lag }: JobBacklog): Place {
  return { group: job, brokerTopic: inLane(lane, topic), partition, exact: false, next: ({ low, high }) => Math.max(low, high - lag) };
}

async function endsOf(admin: EventAdmin, topics: readonly string[]): Promise<ReadonlyMap<string, Ends>> {
  const ends = new Map<string, Ends>();
  for (const topic of topics) for (const { partition, low, high } of await admin.offsets(topic)) ends.set(`${topic}/${partition}`, { low, high });
  return ends;
}

type Measured = readonly [Place, PartitionLag];

/** Looks up the oldest record that is not read wherever there may be one. */
async function withOldest(kafka: KafkaConnection, places: readonly Place[], ends: ReadonlyMap<string, Ends>): Promise<Measured[]> {
  const measured = places.flatMap((place): Measured[] => {
    const end = ends.get(`${place.brokerTopic}/${place.partition}`);
    return end === undefined ? [] : [[place, { ...end, partition: place.partition, next: place.next(end), oldestAt: null }]];
  });
  const lagging = measured.filter(([, { next, low, high }]) => next >= low && next < high);
  const records = await kafka.nextRecords(lagging.map(([{ brokerTopic: topic, partition }, { next: offset }]): RecordPosition => ({ topic, partition, offset })));
  const oldest = new Map(lagging.map(([place], index) => [place, records[index] ?? null]));
  return measured.map(([place, lag]): Measured => {
    const record = oldest.get(place);
    if (record === undefined) return [place, lag];
    // Nothing but marks of transactions lies between here and the end.
    if (record === null) return [place, { ...lag, next: lag.high }];
    return [place, { ...lag, oldestAt: record.timestamp >= 0 ? record.timestamp : null }];
  });
}

function grouped(lane: string, measured: readonly Measured[], retentionMs: (topic: string) => number | null): GroupLag[] {
  const groups = new Map<string, GroupLag>();
  for (const [{ group, brokerTopic, exact }, partition] of measured) {
    const key = `${group}\n${brokerTopic}`;
    const known = groups.get(key);
    groups.set(key, {
      group, brokerTopic, exact,
      topic: topicOfLane(lane, brokerTopic) ?? brokerTopic,
      retentionMs: retentionMs(brokerTopic),
      partitions: [...(known?.partitions ?? []), partition],
    });
  }
  return [...groups.values()];
}
