import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deadLetterTopic, inLane, orderEvent, subjectOf, type OrderEvent } from '@millrace/contracts';
import type { KafkaConnection, StoredRecord } from '@millrace/kafka';
import { address, makeOrder, testKafka, until } from '@millrace/testing';
import avsc from 'avsc';
import { StoredMetrics } from './support/stored.js';
import { System } from './support/system.js';

const MEGABYTE = 2 ** 20;
const GOOD = 20;

interface Bad {
  readonly name: string;
  readonly value: Buffer;
  readonly reason: string;
  readonly detail: string;
}

describe('bad input', () => {
  let system: System;
  let stored: StoredMetrics;
  let kafka: KafkaConnection;
  let letters: readonly StoredRecord[];
  let bad: Bad[];

  beforeAll(async () => {
    system = await System.create();
    stored = new StoredMetrics(system.lane);
    ({ kafka } = testKafka(system.lane));
    await system.start('metrics-sink');
    await system.start('spark');
    bad = await badRecords();
    const publisher = await kafka.publisher();
    const topic = inLane(system.lane, orderEvent.topic);
    for (const { value } of bad) {
      await publisher.publish(orderEvent, makeOrder({ eventType: 'PLACED' }));
      await publisher.publishRaw([{ topic, key: Buffer.from('bad'), value, headers: { origin: 'test' } }]);
    }
    await publisher.publishAll(orderEvent, Array.from({ length: GOOD - bad.length }, () => makeOrder({ eventType: 'PLACED' })));
    await publisher.close();
    letters = await until('the dead letters', async () => {
      const found = await kafka.readTopic(deadLetterTopic(system.lane, orderEvent.topic, 'metrics'));
      return found.length >= bad.length ? found : null;
    }, 90_000);
  }, 240_000);

  afterAll(async () => {
    await system.stop();
    await stored.close();
  }, 60_000);

  it('goes to the dead-letter topic byte for byte, with its headers, place and reason', () => {
    expect(letters).toHaveLength(bad.length);
    for (const { name, value, reason, detail } of bad) {
      const letter = letters.find((candidate) => candidate.value?.equals(value) === true);
      expect([name, letter?.key?.toString(), text(letter, 'origin')]).toEqual([name, 'bad', 'test']);
      expect([name, text(letter, 'millrace_reason')]).toEqual([name, reason]);
      expect(text(letter, 'millrace_detail')).toContain(detail);
      expect(text(letter, 'millrace_topic')).toBe(inLane(system.lane, orderEvent.topic));
      expect(Number(text(letter, 'millrace_offset'))).toBeGreaterThanOrEqual(0);
    }
  });

  it('harms nothing else: every good order is counted', async () => {
    const placed = async (): Promise<number> =>
      (await stored.all()).filter(({ metricKey, window }) => metricKey === 'orders{}' && window === '1d').reduce((sum, { value }) => sum + value, 0);
    await until('the good orders', async () => (await placed()) >= GOOD, 60_000);
    expect(await placed()).toBe(GOOD);
    for (const part of ['spark', 'metrics-sink'] as const) expect((await fetch(`${system.part(part).url}/health/ready`)).status).toBe(200);
  }, 90_000);
});

async function badRecords(): Promise<Bad[]> {
  const id = await schemaId();
  const order = (change: Partial<OrderEvent>): Buffer => encode(id, { ...makeOrder({ eventType: 'PLACED' }), ...change });
  const line = { productId: 'p', category: null, quantity: -5, unitPriceMinor: 1, amountMinor: 5 };
  return [
    { name: 'bytes after the order', value: Buffer.concat([order({}), Buffer.from('x')]), reason: 'undecodable', detail: '1 bytes after the event' },
    { name: 'a text longer than the record', value: Buffer.concat([header(id), Buffer.from('no order at all')]), reason: 'decode-limit', detail: '' },
    { name: 'JSON', value: Buffer.from('{"orderId":"o-1"}'), reason: 'undecodable', detail: 'magic' },
    { name: 'unknown schema id', value: Buffer.concat([header(2_000_000_000), encode(id, makeOrder()).subarray(5)]), reason: 'unknown-schema', detail: '2000000000' },
    { name: 'an order of -5 items', value: order({ lines: [line] }), reason: 'invalid', detail: 'lines[0].quantity: -5 is less than 1' },
    { name: 'an 11 MB message', value: Buffer.concat([header(id), Buffer.alloc(11 * MEGABYTE, 'x')]), reason: 'too-large', detail: 'bytes' },
    { name: 'a time in 1970', value: order({ occurredAt: 86_400_000 }), reason: 'event-time', detail: '2000-01-01' },
    { name: 'a time in 2199', value: order({ occurredAt: Date.UTC(2199, 0) }), reason: 'event-time', detail: 'ahead' },
  ];
}

async function schemaId(): Promise<number> {
  const answer = await fetch(`${address('MILLRACE_REGISTRY_URL')}/subjects/${subjectOf(orderEvent.topic)}/versions/latest`);
  return ((await answer.json()) as { id: number }).id;
}

function header(id: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(id, 1);
  return bytes;
}

function encode(id: number, order: OrderEvent): Buffer {
  const type = avsc.Type.forSchema(JSON.parse(orderEvent.schema) as avsc.Schema, { registry: {} });
  return Buffer.concat([header(id), type.toBuffer(order)]);
}

function text(record: StoredRecord | undefined, name: string): string {
  return String(record?.headers[name] ?? '');
}
