import { CorruptBatchError } from './corrupt-batch.error.js';
import { repeat } from './snappy.js';

const MAGIC = 0x184d2204;
const FLAG_BLOCK_CHECKSUM = 0x10;
const FLAG_CONTENT_SIZE = 0x08;
const FLAG_CONTENT_CHECKSUM = 0x04;
const FLAG_DICTIONARY = 0x01;
const UNCOMPRESSED = 0x80000000;
const MINIMUM_MATCH = 4;

/**
 * Decompresses an LZ4 frame. Checksums are not compared: Kafka's own batch checksum covers the bytes.
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 * @param limit most bytes the result may have
 */
export function decompressLz4Frame(input: Buffer, limit: number): Buffer {
  if (input.length < 7 || input.readUInt32LE(0) !== MAGIC) throw new CorruptBatchError('lz4', 'no frame');
  const flags = input.readUInt8(4);
  let position = 6 + ((flags & FLAG_CONTENT_SIZE) === 0 ? 0 : 8) + ((flags & FLAG_DICTIONARY) === 0 ? 0 : 4) + 1;
  const output = new GrowingBuffer(Math.min(limit, input.length * 4), limit);
  for (;;) {
    if (position + 4 > input.length) throw new CorruptBatchError('lz4', 'the end mark is missing');
    const word = input.readUInt32LE(position);
    position += 4;
    if (word === 0) break;
    const length = word % UNCOMPRESSED;
    if (position + length > input.length) throw new CorruptBatchError('lz4', 'a block is cut off');
    const block = input.subarray(position, position + length);
    if (word >= UNCOMPRESSED) output.append(block);
    else decompressBlock(block, output);
    position += length + ((flags & FLAG_BLOCK_CHECKSUM) === 0 ? 0 : 4);
  }
  if ((flags & FLAG_CONTENT_CHECKSUM) !== 0 && position + 4 > input.length) throw new CorruptBatchError('lz4', 'the checksum is cut off');
  return output.taken();
}

function decompressBlock(input: Buffer, output: GrowingBuffer): void {
  let position = 0;
  const readLength = (nibble: number): number => {
    let length = nibble;
    if (nibble !== 15) return length;
    for (;;) {
      const byte = input[position++];
      if (byte === undefined) throw new CorruptBatchError('lz4', 'a length is cut off');
      length += byte;
      if (byte !== 255) return length;
    }
  };
  while (position < input.length) {
    const token = input[position++] ?? 0;
    const literal = readLength(token >> 4);
    if (position + literal > input.length) throw new CorruptBatchError('lz4', 'a literal is too long');
    output.append(input.subarray(position, position + literal));
    position += literal;
    if (position === input.length) return;
    if (position + 2 > input.length) throw new CorruptBatchError('lz4', 'a match is cut off');
    const distance = input.readUInt16LE(position);
    position += 2;
    output.repeat(distance, readLength(token & 15) + MINIMUM_MATCH);
  }
}

class GrowingBuffer {
  #bytes: Buffer;
  #length = 0;

  constructor(
    size: number,
    private readonly limit: number,
  ) {
    this.#bytes = Buffer.allocUnsafe(Math.max(64, size));
  }

  append(bytes: Buffer): void {
    this.#reserve(bytes.length);
    bytes.copy(this.#bytes, this.#length);
    this.#length += bytes.length;
  }

  repeat(distance: number, length: number): void {
    if (distance === 0 || distance > this.#length) throw new CorruptBatchError('lz4', 'a match points outside');
    this.#reserve(length);
    this.#length = repeat(this.#bytes, this.#length, distance, length);
  }

  taken(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed > this.limit) throw new CorruptBatchError('lz4', `more than ${String(this.limit)} bytes`);
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.min(this.limit, Math.max(needed, this.#bytes.length * 2)));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
