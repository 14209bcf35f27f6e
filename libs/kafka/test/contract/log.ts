import type { ClickEvent } from '@millrace/contracts';
import type { KafkaConnection, StoredRecord } from '@millrace/kafka';
import { makeClick, type Loop, type LoopRecord } from '@millrace/testing';

/** `count` events over `keys` visitors; the id says the run, the key and the place within the key. */
export function clicksOf(run: string, count: number, keys: number): ClickEvent[] {
  return Array.from({ length: count }, (_, index) =>
    makeClick({ eventId: `${run}/${String(index % keys)}/${String(Math.floor(index / keys))}`, visitorId: `${run}-${String(index % keys)}` }),
  );
}

export function ceId(record: StoredRecord): string {
  return String(record.headers['ce_id']);
}

/** What of a run lies in the topic. */
export async function loopOf(kafka: KafkaConnection, topic: string, events: readonly ClickEvent[]): Promise<{ readonly loop: Loop; readonly partitions: ReadonlySet<number> }> {
  const run = events[0]?.eventId.split('/')[0] ?? '';
  const stored = (await kafka.readTopic(topic)).filter((record) => ceId(record).startsWith(`${run}/`));
  const loop = { attempted: events.map((event) => placeOf(event.eventId)), acked: events.map((event) => event.eventId), arrived: stored.map((record) => placeOf(ceId(record))) };
  return { loop, partitions: new Set(stored.map((record) => record.partition)) };
}

export function placeOf(id: string): LoopRecord {
  const [run, key, sequence] = id.split('/');
  return { id, key: `${String(run)}/${String(key)}`, sequence: Number(sequence) };
}
