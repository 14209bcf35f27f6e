import { randomBytes, randomUUID } from 'node:crypto';
import { parentPort, threadId, workerData } from 'node:worker_threads';
import avro from 'avsc';
import kafkajs, { type Message } from 'kafkajs';
import { clickEvent, inLane, type ClickEvent } from '@millrace/contracts';
import { createKafka, subscribe } from '@millrace/kafka';

export interface ClientTask {
  readonly client: 'bare' | 'bare without headers' | 'millrace';
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly partitions: number;
  readonly events: number;
  readonly warmUp: number;
}

export interface Rate {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

export interface ClientRun {
  readonly publish: Rate;
  readonly consume: Rate;
  /** Size of a value, in bytes. */
  readonly valueBytes: number;
}

/** A client under measurement. */
interface Subject {
  publish(events: readonly ClickEvent[]): Promise<void>;
  /** Reads the topic from its beginning; calls `seen` with the number of decoded events in each batch. */
  consume(seen: (count: number) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const BATCH = 1_000;

const type = avro.Type.forSchema(JSON.parse(clickEvent.schema) as avro.Schema, { omitRecordMethods: true });
const prefix = Buffer.from([0, 0, 0, 0, 1]);

async function run(task: ClientTask): Promise<ClientRun> {
  const lane = `bench${randomBytes(5).toString('hex')}`;
  const topic = inLane(lane, clickEvent.topic);
  const kafka = new kafkajs.Kafka({ brokers: [...task.brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: task.partitions }], waitForLeaders: true });
  const subject = task.client === 'millrace' ? await millrace(task, lane) : await bare(kafka, topic, task);
  try {
    await subject.publish(clicks(task.warmUp));
    const publish = await timed(task.events, async () => {
      await subject.publish(clicks(task.events));
      return undefined;
    });
    const consume = await timed(task.events + task.warmUp, async () => {
      let left = task.events + task.warmUp;
      let finish = (): void => undefined;
      const done = new Promise<void>((resolve) => { finish = resolve; });
      const stop = await subject.consume((count) => { left -= count; if (left <= 0) finish(); });
      await done;
      return stop;
    });
    return { publish, consume, valueBytes: prefix.length + type.toBuffer(clicks(1)[0]).length };
  } finally {
    await subject.close();
    await admin.deleteTopics({ topics: (await admin.listTopics()).filter((name) => name.startsWith(inLane(lane, ''))) });
    await admin.disconnect();
  }
}

type CleanUp = () => Promise<void>;

async function timed(count: number, work: () => Promise<CleanUp | undefined>): Promise<Rate> {
  const [clock, cpu] = [performance.now(), cpuMs()];
  const after = await work();
  const rate = { perSecond: (count / (performance.now() - clock)) * 1_000, perCpuSecond: (count / (cpuMs() - cpu)) * 1_000 };
  await after?.();
  return rate;
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function clicks(count: number): ClickEvent[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, index): ClickEvent => ({
    eventId: randomUUID(),
    eventType: 'PRODUCT_VIEW',
    occurredAt: now + (index % 1_000),
    visitorId: `visitor-${String(index % 5_000)}`,
    sessionId: `session-${String(index % 5_000)}`,
    customerId: null,
    country: 'DE',
    device: 'mobile',
    deviceId: null,
    productId: `product-${String(index % 800)}`,
    category: 'garden',
    searchQuery: null,
    pageUrl: '/p/chair',
    referrer: 'direct',
    quantity: null,
    priceMinor: 1_999,
    currency: 'EUR',
  }));
}

async function millrace(task: ClientTask, lane: string): Promise<Subject> {
  const connection = createKafka({ brokers: task.brokers, registryUrl: task.registryUrl, lane, clientId: 'bench' });
  const publisher = await connection.publisher();
  return {
    publish: (events) => publisher.publishAll(clickEvent, events),
    consume: async (seen) => {
      const handle = (events: readonly unknown[]): Promise<void> => { seen(events.length); return Promise.resolve(); };
      const consumer = connection.consumer({ group: 'bench', subscriptions: [subscribe(clickEvent, handle)] });
      await consumer.start();
      return () => consumer.stop();
    },
    close: () => publisher.close(),
  };
}

/** kafkajs as it comes: Avro, explicit partitions, an idempotent producer with one batch of a thousand in flight per partition. */
async function bare(kafka: kafkajs.Kafka, topic: string, { client, partitions }: ClientTask): Promise<Subject> {
  const producers = Array.from({ length: partitions }, () => kafka.producer({ idempotent: true, maxInFlightRequests: 1 }));
  for (const producer of producers) await producer.connect();
  const constant = { ce_specversion: Buffer.from('1.0'), ce_source: Buffer.from('/millrace/bench'), ce_type: Buffer.from('io.millrace.ClickEvent'), 'content-type': Buffer.from('application/avro') };
  const traceparent = Buffer.from(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`);
  const message = (event: ClickEvent, partition: number): Message => {
    const plain = { key: event.visitorId, value: Buffer.concat([prefix, type.toBuffer(event)]), partition };
    return client === 'bare' ? { ...plain, headers: { ...constant, ce_id: event.eventId, ce_time: new Date(event.occurredAt).toISOString(), traceparent } } : plain;
  };
  return {
    publish: async (events) => {
      await Promise.all(
        producers.map(async (producer, partition) => {
          for (let start = partition * BATCH; start < events.length; start += partitions * BATCH) {
            await producer.send({ topic, messages: events.slice(start, start + BATCH).map((event) => message(event, partition)) });
          }
        }),
      );
    },
    consume: async (seen) => {
      const consumer = kafka.consumer({ groupId: `bench-${String(threadId)}-${randomUUID()}`, maxWaitTimeInMs: 250 });
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        eachBatch: ({ batch }) => {
          const events = batch.messages.map(({ value }) => type.decode(value ?? prefix, prefix.length).value as ClickEvent);
          seen(events.length);
          return Promise.resolve();
        },
      });
      return () => consumer.disconnect();
    },
    close: async () => {
      for (const producer of producers) await producer.disconnect();
    },
  };
}

parentPort?.postMessage(await run(workerData as ClientTask));
process.exit(0);
