import type { KafkaAdmin, PartitionOffsets } from '../admin/kafka.admin.js';
import { gapAtAssignment, type Gap } from './gap.detector.js';

/** A partition as it stood when it was given to us. */
export interface Standing {
  /** Next offset to read; undefined for a group that never read it and begins where `from` says. */
  readonly position: number | undefined;
  readonly log: PartitionOffsets;
  readonly gap: Gap | undefined;
}

/** Remembers how far partitions were read, since kafkajs forgets it where the log no longer has the offset. */
export class Positions {
  readonly #known = new Map<string, number>();

  note(topic: string, partition: number, offset: number): void {
    this.#known.set(keyOf(topic, partition), offset);
  }

  get(topic: string, partition: number): number | undefined {
    return this.#known.get(keyOf(topic, partition));
  }
}

/** Asks the broker how the partitions of a topic stand. Throws `InfrastructureError`. */
export async function standings(admin: KafkaAdmin, group: string, topic: string, positions: Positions): Promise<ReadonlyMap<number, Standing>> {
  const [committed, logs] = await Promise.all([admin.committed(group, topic), admin.offsets(topic)]);
  return new Map(
    logs.map((log): [number, Standing] => {
      const read = committed.get(log.partition) ?? positions.get(topic, log.partition);
      if (read !== undefined) positions.note(topic, log.partition, read);
      const gap = gapAtAssignment(read, log);
      return [log.partition, { position: gap?.to ?? read, log, gap }];
    }),
  );
}

export function keyOf(topic: string, partition: number): string {
  return `${topic}/${String(partition)}`;
}
