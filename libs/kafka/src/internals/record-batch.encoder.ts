import type { Message } from 'kafkajs';
import { ByteWriter, sizeOfVarint } from './byte.writer.js';
import { crc32c } from './crc32c.js';

/** Who sends a batch, for the broker to recognise repetitions. */
export interface BatchIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
}

type HeaderValue = Buffer | string;

/** From the batch's own length field to its first record, and the part of it before the checksum begins to count. */
const HEADER_BYTES = 61;
const LENGTH_END = 12;
const CRC_AT = 17;
const CRC_FROM = 21;
const MAGIC = 2;

/**
 * One uncompressed record batch (magic 2). kafkajs spends a new 512-byte buffer on each record and on each header; with the seven headers of
 * an event that is most of what publishing costs.
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
export function encodeRecordBatch(messages: readonly Message[], identity: BatchIdentity, now: number): Buffer {
  const times = messages.map((message) => (message.timestamp === undefined ? now : Number(message.timestamp)));
  const first = times.reduce((least, time) => Math.min(least, time), times[0] ?? now);
  const last = times.reduce((most, time) => Math.max(most, time), first);
  const sizes = messages.map((message, index) => sizeOfRecord(message, index, (times[index] ?? now) - first));
  const total = sizes.reduce((sum, size) => sum + sizeOfVarint(size) + size, HEADER_BYTES);
  const writer = new ByteWriter(Buffer.allocUnsafe(total));
  writer.int64(0n);
  writer.int32(total - LENGTH_END);
  writer.int32(0);
  writer.int8(MAGIC);
  writer.int32(0);
  writer.int16(0);
  writer.int32(messages.length - 1);
  writer.int64(BigInt(first));
  writer.int64(BigInt(last));
  writer.int64(identity.producerId);
  writer.int16(identity.producerEpoch);
  writer.int32(identity.firstSequence);
  writer.int32(messages.length);
  for (const [index, message] of messages.entries()) writeRecord(writer, message, index, (times[index] ?? now) - first, sizes[index] ?? 0);
  writer.buffer.writeUInt32BE(crc32c(writer.buffer, CRC_FROM, total), CRC_AT);
  return writer.buffer;
}

function sizeOfRecord(message: Message, offsetDelta: number, timeDelta: number): number {
  const size = 1 + sizeOfVarint(timeDelta) + sizeOfVarint(offsetDelta) + sizeOfBytes(message.key) + sizeOfBytes(message.value);
  let headerBytes = 0;
  let count = 0;
  for (const name in message.headers) {
    const value = message.headers[name];
    if (value === undefined) continue;
    const nameBytes = encodedName(name).length;
    for (const one of Array.isArray(value) ? value : [value]) {
      headerBytes += nameBytes + sizeOfBytes(one);
      count++;
    }
  }
  return size + sizeOfVarint(count) + headerBytes;
}

function writeRecord(writer: ByteWriter, message: Message, offsetDelta: number, timeDelta: number, size: number): void {
  writer.varint(size);
  writer.int8(0);
  writer.varint(timeDelta);
  writer.varint(offsetDelta);
  writeBytes(writer, message.key);
  writeBytes(writer, message.value);
  writer.varint(countHeaders(message));
  for (const name in message.headers) {
    const value = message.headers[name];
    if (value === undefined) continue;
    const encoded = encodedName(name);
    for (const one of Array.isArray(value) ? value : [value]) {
      writer.bytes(encoded);
      writeBytes(writer, one);
    }
  }
}

function countHeaders(message: Message): number {
  let count = 0;
  for (const name in message.headers) {
    const value = message.headers[name];
    if (value !== undefined) count += Array.isArray(value) ? value.length : 1;
  }
  return count;
}

function sizeOfBytes(value: HeaderValue | null | undefined): number {
  if (value === null || value === undefined) return 1;
  const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length;
  return sizeOfVarint(length) + length;
}

function writeBytes(writer: ByteWriter, value: HeaderValue | null | undefined): void {
  if (value === null || value === undefined) {
    writer.varint(-1);
  } else if (typeof value === 'string') {
    writer.varint(Buffer.byteLength(value));
    writer.text(value);
  } else {
    writer.varint(value.length);
    writer.bytes(value);
  }
}

const MOST_NAMES = 256;
const names = new Map<string, Buffer>();

/** A header's name with its length before it. The same few names come again and again. */
function encodedName(name: string): Buffer {
  const held = names.get(name);
  if (held !== undefined) return held;
  const length = Buffer.byteLength(name);
  const writer = new ByteWriter(Buffer.allocUnsafe(sizeOfVarint(length) + length));
  writer.varint(length);
  writer.text(name);
  if (names.size < MOST_NAMES) names.set(name, writer.buffer);
  return writer.buffer;
}
