import { describe, expect, it } from '@jest/globals';
import kafkajs, { type Message } from 'kafkajs';
import produce from 'kafkajs/src/protocol/requests/produce/index.js';
import { crc32c } from './crc32c.js';
import { encodeProduce } from './produce.encoder.js';

const NOW = 1_795_000_000_000;
const VERSION = 3;

/** kafkajs's own encoder, as it was before any other test could have replaced it. */
const original = produce.protocol({ version: VERSION });

function given(messages: Message[], firstSequence = 41): Parameters<typeof encodeProduce>[0] {
  return { acks: -1, timeout: 5_000, producerId: '4021', producerEpoch: 3, topicData: [{ topic: 'größe.v1', partitions: [{ partition: 7, firstSequence, messages }] }] };
}

const stamped = (message: Omit<Message, 'timestamp'>, offset = 0): Message => ({ ...message, timestamp: String(NOW + offset) });

describe('a Produce request', () => {
  it.each<[string, Message[]]>([
    ['one record', [stamped({ key: 'k', value: 'v' })]],
    ['no key, no value', [stamped({ key: null, value: null })]],
    ['buffers and text', [stamped({ key: Buffer.from('kä'), value: Buffer.alloc(300, 1), headers: { a: 'ß', b: Buffer.from([0, 255]) } })]],
    ['a header twice, and an empty one', [stamped({ value: 'v', headers: { twice: ['1', Buffer.from('2')], empty: '' } })]],
    ['times that differ', [stamped({ value: 'a' }), stamped({ value: 'b' }, 5), stamped({ value: 'c' }, 70_000)]],
    ['a thousand records', Array.from({ length: 1_000 }, (_, index) => stamped({ key: `k${String(index)}`, value: Buffer.alloc(index, index), headers: { ce_id: String(index), longer: 'x'.repeat(index % 90) } }, index % 3))],
  ])('has the bytes that kafkajs gives it: %s', async (_name, messages) => {
    const expected = await original(given(messages)).request.encode();
    expect(encodeProduce(given(messages), NOW).equals(expected.buffer)).toBe(true);
  });

  it('takes the time of sending for records without one', () => {
    const [with_, without] = [encodeProduce(given([stamped({ value: 'v' })]), 1), encodeProduce(given([{ value: 'v' }]), NOW)];
    expect(without.equals(with_)).toBe(true);
  });

  it('takes large sequences', async () => {
    const request = given([stamped({ value: 'v' })], 2_000_000_000);
    expect(encodeProduce(request, NOW).equals((await original(request).request.encode()).buffer)).toBe(true);
  });
});

it('CRC-32C of the standard check text is the standard value', () => {
  expect(crc32c(Buffer.from('123456789'), 0, 9)).toBe(0xe3069283);
  expect(crc32c(Buffer.from('xx123456789'), 2, 11)).toBe(0xe3069283);
});

it('kafkajs is the version whose inner parts are replaced', () => {
  expect(kafkajs.CompressionTypes.ZSTD).toBe(4);
});
