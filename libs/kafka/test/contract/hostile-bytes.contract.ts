import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { clickEvent, deadLetterTopic, findViolation, inLane, orderEvent, subjectOf, type EventContract, type OrderEvent } from '@millrace/contracts';
import { RegistryClient, subscribe, type RawHeaders, type RawRecord, type StoredRecord } from '@millrace/kafka';
import { uniqueName, until, wireCorpus, type WireCase } from '@millrace/testing';
import type { CreateKafka } from './connect.js';
import { GROUP, Stage } from './stage.js';

/** What became of values that lie in a topic of one partition from offset 0 on. */
export interface Fates {
  readonly sent: readonly WireCase[];
  readonly events: readonly { readonly offset: number; readonly event: OrderEvent }[];
  readonly letters: readonly StoredRecord[];
}

/** F12: each value is an event that keeps its contract, or a dead letter byte for byte, as the corpus says. What went wrong, a line each. */
export function wrongFates({ sent, events, letters }: Fates): string[] {
  const fates = sent.map((): string[] => []);
  const wrong: string[] = [];
  for (const { offset, event } of events) {
    const violation = findViolation(orderEvent, event);
    fates[offset]?.push(violation === null ? 'good' : `an event that breaks its contract: ${violation}`);
  }
  for (const { value, headers } of letters) {
    const offset = Number(String(headers['millrace_offset']));
    fates[offset]?.push(String(headers['millrace_reason']));
    const cause = sent[offset];
    if (cause === undefined || !same(value, cause.value)) wrong.push(`${cause?.name ?? 'nothing that was sent'}: the dead letter has other bytes`);
  }
  const told = fates.map((fate) => fate.join(' and ') || 'lost');
  return wrong.concat(sent.flatMap(({ name, reason }, offset) => (told[offset] === reason ? [] : [`${name}: ${String(told[offset])}, not ${reason}`])));
}

/** F12 on any client behind the port. */
export function hostileBytesContract(createKafka: CreateKafka): void {
  let stage: Stage;
  beforeEach(() => { stage = new Stage(createKafka); });
  afterEach(() => stage.end());

  it('F12: 42 malformed values, ten thousand with flipped bits and every prefix: each an event or a dead letter, byte for byte', async () => {
    const { cases, flipped, prefixes } = await corpusOf(stage);
    expect(cases.filter(({ reason }) => reason !== 'good')).toHaveLength(42);
    expect(flipped).toHaveLength(10_000);
    const fates = await sendAll(stage, [...cases, ...flipped, ...prefixes]);
    expect(wrongFates(fates)).toEqual([]);
  }, 120_000);
}

/** Orders under a subject of our own: the corpus was written with their first version, and a flipped id must not be that of another. */
const orders: EventContract<OrderEvent> = { ...orderEvent, topic: `${uniqueName('hostile')}.v1` };

/** The corpus with the ids that the registry gave, of an order and of a click. */
export async function corpusOf(stage: Stage): Promise<ReturnType<typeof wireCorpus>> {
  const registry = new RegistryClient(stage.kafka.settings.registryUrl, 'register');
  const writer = await readFile(new URL('../../../contracts/avro/history/order-event/1.avsc', import.meta.url), 'utf8');
  return wireCorpus(await registry.idOf(subjectOf(orders.topic), writer), await registry.idOf(subjectOf(clickEvent.topic), clickEvent.schema));
}

/** Sends the values, each with a key and headers of its own, and tells what a consumer made of them once it has no lag. */
export async function sendAll(stage: Stage, sent: readonly WireCase[]): Promise<Fates> {
  const topic = inLane(stage.lane, orders.topic);
  const admin = await stage.kafka.admin();
  await admin.createTopics([{ name: topic, partitions: 1, config: { 'max.message.bytes': String(orders.settings.maxMessageBytes) } }]);
  await admin.close();
  await stage.publishRaw(sent.map(({ value }, index): RawRecord => ({ topic, partition: 0, key: KEYS[index % KEYS.length] ?? null, value, headers: HEADERS[index % HEADERS.length] ?? {} })));
  const events: { readonly offset: number; readonly event: OrderEvent }[] = [];
  const { consumer } = await stage.listen(() => Promise.resolve(), {
    subscriptions: [subscribe(orders, (batch) => { events.push(...batch.map(({ offset, event }) => ({ offset, event }))); return Promise.resolve(); })],
  });
  await until('no lag', async () => (await consumer.lag()).every(({ lag }) => lag === 0), 60_000);
  return { sent, events, letters: await stage.kafka.readTopic(deadLetterTopic(stage.lane, orders.topic, GROUP)) };
}

const KEYS: readonly (Buffer | null)[] = [null, Buffer.alloc(0), Buffer.from('k'), Buffer.from([0xff, 0xfe]), Buffer.alloc(1024, 0x6b)];

const HEADERS: readonly RawHeaders[] = [
  {},
  { twice: [Buffer.from('1'), Buffer.from('2')], odd: Buffer.from([0xff]) },
  { ce_id: '', traceparent: '00-zz' },
  { ce_id: 'x'.repeat(10_240) },
];

function same(left: Buffer | null, right: Buffer | null): boolean {
  return left === null || right === null ? left === right : left.equals(right);
}
