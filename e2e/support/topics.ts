import { inLane, type EventContract } from '@millrace/contracts';
import { subscribe, type ConsumedEvent, type EventConsumer, type KafkaConnection } from '@millrace/kafka';
import { uniqueName, until } from '@millrace/testing';

/** Reads every decodable record that the topic holds now, once, in the order of each partition. */
export async function readTopic<E>(kafka: KafkaConnection, contract: EventContract<E>): Promise<ConsumedEvent<E>[]> {
  const events: ConsumedEvent<E>[] = [];
  const consumer = kafka.consumer({
    group: uniqueName('reader-'),
    subscriptions: [
      subscribe(contract, (batch) => {
        events.push(...batch);
        return Promise.resolve();
      }),
    ],
  });
  await consumer.start();
  try {
    await until(`${contract.topic} to be read to its end`, () => isRead(consumer), 60_000);
  } finally {
    await consumer.stop();
  }
  return events;
}

async function isRead(consumer: EventConsumer): Promise<boolean> {
  const lags = await consumer.lag();
  return lags.length > 0 && lags.every(({ lag }) => lag === 0);
}

/** Number of records that a topic of the lane was ever given; 0 where it does not exist. */
export async function countRecords(kafka: KafkaConnection, topic: string): Promise<number> {
  const admin = await kafka.admin();
  try {
    const name = inLane(kafka.settings.lane, topic);
    if (!(await admin.listTopics()).includes(name)) return 0;
    return (await admin.offsets(name)).reduce((sum, { high }) => sum + high, 0);
  } finally {
    await admin.close();
  }
}

/** The first record of each event id: what counts. */
export function firstOfEachId<E extends { readonly eventId: string }>(records: readonly ConsumedEvent<E>[]): E[] {
  const first = new Map<string, E>();
  for (const { event } of records) if (!first.has(event.eventId)) first.set(event.eventId, event);
  return [...first.values()];
}
