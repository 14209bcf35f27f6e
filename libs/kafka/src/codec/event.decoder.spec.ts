import { describe, expect, it } from '@jest/globals';
import { orderEvent, type OrderEvent } from '@millrace/contracts';
import { makeOrder } from '@millrace/testing';
import { EventDecoder, parseType } from './event.decoder.js';
import { EventEncoder } from './event.encoder.js';
import { MAX_VALUE_BYTES } from './wire.js';

interface AvroField { readonly name: string; readonly type: unknown }
interface AvroRecord { readonly fields: readonly AvroField[] }

const schema = JSON.parse(orderEvent.schema) as AvroRecord;

function decoderOf(schemas: Readonly<Record<number, string>>): EventDecoder<OrderEvent> {
  return new EventDecoder(orderEvent, { schemaOf: (id) => Promise.resolve(schemas[id] ?? '') });
}

async function decode(decoder: EventDecoder<OrderEvent>, value: Buffer, recordTime = Date.now()): Promise<OrderEvent> {
  const first = decoder.decode(value, recordTime);
  if (typeof first !== 'number') return first.event;
  await decoder.load(first);
  const second = decoder.decode(value, recordTime);
  if (typeof second === 'number') throw new TypeError('asked twice');
  return second.event;
}

function withId(id: number, writer: string, event: unknown): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeInt32BE(id, 1);
  return Buffer.concat([prefix, parseType(writer).toBuffer(event)]);
}

describe('reading', () => {
  const encoder = new EventEncoder(orderEvent, 7);

  it('gives back what was written, event after event', async () => {
    const decoder = decoderOf({ 7: orderEvent.schema });
    for (let index = 0; index < 3_000; index++) {
      const order = makeOrder({ reason: 'ä'.repeat(index % 300) });
      expect({ ...(await decode(decoder, encoder.encode(order))), lines: order.lines }).toEqual(order);
    }
  });

  it('reads an older writer, whose missing field takes its default', async () => {
    const older = JSON.stringify({ ...schema, fields: schema.fields.filter(({ name }) => name !== 'reason') });
    const order = makeOrder();
    expect(await decode(decoderOf({ 3: older }), withId(3, older, order))).toMatchObject({ orderId: order.orderId, reason: null });
  });

  it('reads a newer writer, whose unknown field and enum symbol it does not know', async () => {
    const newer = JSON.stringify({
      ...schema,
      fields: [
        ...schema.fields.map((field) => (field.name === 'eventType' ? { ...field, type: { type: 'enum', name: 'OrderEventType', symbols: ['PLACED', 'GIFTED', 'UNKNOWN'], default: 'UNKNOWN' } } : field)),
        { name: 'channel', type: 'string' },
      ],
    });
    const event = await decode(decoderOf({ 4: newer }), withId(4, newer, { ...makeOrder(), eventType: 'GIFTED', channel: 'app' }));
    expect(event.eventType).toBe('UNKNOWN');
    expect(Object.keys(event)).not.toContain('channel');
  });

  it('refuses a writer whose schema cannot become ours', async () => {
    const strange = JSON.stringify({ type: 'record', name: 'OrderEvent', namespace: 'io.millrace', fields: [{ name: 'a', type: 'string' }] });
    await expect(decode(decoderOf({ 5: strange }), withId(5, strange, { a: 'x' }))).rejects.toMatchObject({ reason: 'unknown-schema' });
  });

  it('names the field that breaks a rule', async () => {
    const order = makeOrder({ lines: [{ productId: 'p', category: null, quantity: -5, unitPriceMinor: 1, amountMinor: 1 }] });
    await expect(decode(decoderOf({ 7: orderEvent.schema }), encoder.encode(order))).rejects.toMatchObject({ reason: 'invalid', detail: 'lines[0].quantity: -5 is less than 1' });
  });

  it('sets aside a clock that lies, by the earlier of the record\'s time and ours, as Spark does', async () => {
    const decoder = decoderOf({ 7: orderEvent.schema });
    const now = Date.now();
    const at = (occurredAt: number, recordTime: number): Promise<OrderEvent> => decode(decoder, encoder.encode(makeOrder({ occurredAt })), recordTime);
    await expect(at(now + 6 * 60_000, now)).rejects.toMatchObject({ reason: 'event-time' });
    await expect(at(Date.UTC(1999, 11, 31), now)).rejects.toMatchObject({ reason: 'event-time' });
    await expect(at(now + 4 * 60_000, now)).resolves.toBeDefined();
    await expect(at(now, now - 3_600_000)).rejects.toMatchObject({ reason: 'event-time' });
    await expect(at(now + 3_600_000, now + 3_600_000)).rejects.toMatchObject({ reason: 'event-time' });
    await expect(at(now - 3_600_000, now)).resolves.toBeDefined();
    await expect(at(now, -1)).resolves.toBeDefined();
  });
});

describe('writing', () => {
  it('takes a value up to the limit and none beyond it', () => {
    const encoder = new EventEncoder(orderEvent, 7);
    const base = encoder.encode(makeOrder({ orderId: 'o', customerId: 'c', reason: '' })).length;
    const reason = (bytes: number): OrderEvent => makeOrder({ orderId: 'o', customerId: 'c', reason: 'x'.repeat(bytes) });
    expect(encoder.encode(reason(MAX_VALUE_BYTES - base - 2)).length).toBe(MAX_VALUE_BYTES);
    expect(() => encoder.encode(reason(MAX_VALUE_BYTES - base - 1))).toThrow(expect.objectContaining({ reason: 'too-large' }));
    expect(encoder.encode(makeOrder()).length).toBeLessThan(300);
  });

  it('leaves earlier values alone', () => {
    const encoder = new EventEncoder(orderEvent, 7);
    const orders = Array.from({ length: 4_000 }, () => makeOrder());
    const values = orders.map((order) => encoder.encode(order));
    const type = parseType(orderEvent.schema);
    for (const [index, value] of values.entries()) expect(type.fromBuffer(value.subarray(5))).toMatchObject({ eventId: orders[index]?.eventId });
  });
});
