import type { Reading } from './survey.js';

/** How far a reader has come in one partition. */
export interface PartitionLag {
  readonly partition: number;
  /** Next offset that it reads; offsets that hold no records are passed over. */
  readonly next: number;
  /** First and next offset of the log. */
  readonly low: number;
  readonly high: number;
  /** Timestamp of the oldest record that is not read, ms; null: all are read, or it is gone or unknown. */
  readonly oldestAt: number | null;
}

/** How far a consumer group, or a Spark job, has come in one topic. */
export interface GroupLag {
  /** Without its lane, as `topic`. */
  readonly group: string;
  readonly topic: string;
  /** The topic's name on the broker. */
  readonly brokerTopic: string;
  readonly partitions: readonly PartitionLag[];
  /** How long the topic keeps a record, ms; null: for ever, or until a newer one of its key. */
  readonly retentionMs: number | null;
  /** False: the offsets are worked out from a number and no evidence. */
  readonly exact: boolean;
}

/** `consumer_lag`, and `time_to_data_loss` where there is a loss to fear. */
export function lagReadings(lag: GroupLag, now: number): Reading[] {
  const dimensions = { group: lag.group, topic: lag.topic };
  const unread = lag.partitions.reduce((sum, partition) => sum + unreadIn(partition), 0);
  const behind = lag.partitions.filter((partition) => unreadIn(partition) > 0);
  const readings: Reading[] = [{ metric: 'consumer_lag', dimensions, value: unread, count: unread, offsets: offsetsOf(lag, behind) }];
  const [nearest] = lossesOf(lag, now).sort((left, right) => left.seconds - right.seconds);
  if (nearest !== undefined) readings.push({ metric: 'time_to_data_loss', dimensions, value: nearest.seconds, count: unread, offsets: offsetsOf(lag, [nearest.partition]) });
  return readings;
}

function unreadIn({ next, low, high }: PartitionLag): number {
  return Math.max(0, high - Math.max(next, low));
}

/** Of each partition how soon it may lose a record that is not read, seconds; 0: it has. */
function lossesOf({ partitions, retentionMs }: GroupLag, now: number): { readonly partition: PartitionLag; readonly seconds: number }[] {
  if (retentionMs === null) return [];
  return partitions.flatMap((partition) => {
    if (partition.next < partition.low) return [{ partition, seconds: 0 }];
    // Retention takes a segment by its youngest record: never before this.
    return partition.oldestAt === null ? [] : [{ partition, seconds: Math.max(0, partition.oldestAt + retentionMs - now) / 1_000 }];
  });
}

function offsetsOf({ exact, brokerTopic }: GroupLag, partitions: readonly PartitionLag[]): Reading['offsets'] {
  if (!exact) return [];
  return partitions.map(({ partition, next, high }) => ({ topic: brokerTopic, partition, firstOffset: next, lastOffset: high - 1 }));
}
