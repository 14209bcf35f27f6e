import { CorruptBatchError } from './corrupt-batch.error.js';

/** Begins what Java's snappy streams write: then two version numbers, then blocks with their lengths. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

/**
 * Decompresses a snappy batch, bare or framed as Java clients do.
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 * @param limit most bytes the result may have
 */
export function decompressSnappy(input: Buffer, limit: number): Buffer {
  if (!input.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return decompressBlock(input, limit);
  if (input.length < XERIAL_HEADER_BYTES) throw new CorruptBatchError('snappy', 'the header is cut off');
  const blocks: Buffer[] = [];
  let size = 0;
  let position = XERIAL_HEADER_BYTES;
  while (position < input.length) {
    if (position + 4 > input.length) throw new CorruptBatchError('snappy', 'a block has no length');
    const length = input.readUInt32BE(position);
    position += 4;
    if (position + length > input.length) throw new CorruptBatchError('snappy', 'a block is cut off');
    const block = decompressBlock(input.subarray(position, position + length), limit - size);
    blocks.push(block);
    size += block.length;
    position += length;
  }
  return Buffer.concat(blocks, size);
}

function decompressBlock(input: Buffer, limit: number): Buffer {
  const { size, next } = readSize(input);
  if (size > limit) throw new CorruptBatchError('snappy', `${String(size)} bytes, at most ${String(limit)}`);
  const output = Buffer.allocUnsafe(size);
  let from = next;
  let to = 0;
  while (from < input.length) {
    const tag = input[from++] ?? 0;
    if ((tag & 3) === 0) {
      const extra = Math.max(0, (tag >> 2) - 59);
      const length = 1 + (extra === 0 ? tag >> 2 : readLittleEndian(input, from, extra));
      from += extra;
      if (from + length > input.length || to + length > size) throw new CorruptBatchError('snappy', 'a literal is too long');
      input.copy(output, to, from, from + length);
      from += length;
      to += length;
      continue;
    }
    const copy = readCopy(input, from, tag);
    from += copy.bytes;
    if (copy.distance === 0 || copy.distance > to || to + copy.length > size) throw new CorruptBatchError('snappy', 'a copy points outside');
    to = repeat(output, to, copy.distance, copy.length);
  }
  if (to !== size) throw new CorruptBatchError('snappy', `${String(to)} bytes in place of ${String(size)}`);
  return output;
}

/** Copies what lies `distance` bytes back; byte by byte, for source and target may overlap. */
export function repeat(output: Buffer, start: number, distance: number, length: number): number {
  const end = start + length;
  if (distance >= length) {
    output.copy(output, start, start - distance, start - distance + length);
    return end;
  }
  for (let index = start; index < end; index++) output[index] = output[index - distance] ?? 0;
  return end;
}

function readCopy(input: Buffer, position: number, tag: number): { readonly length: number; readonly distance: number; readonly bytes: number } {
  if ((tag & 3) === 1) {
    return { length: 4 + ((tag >> 2) & 7), distance: ((tag >> 5) << 8) | readLittleEndian(input, position, 1), bytes: 1 };
  }
  const bytes = (tag & 3) === 2 ? 2 : 4;
  return { length: 1 + (tag >> 2), distance: readLittleEndian(input, position, bytes), bytes };
}

function readSize(input: Buffer): { readonly size: number; readonly next: number } {
  let size = 0;
  for (let index = 0; index < 5; index++) {
    const byte = input[index];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { size, next: index + 1 };
  }
  throw new CorruptBatchError('snappy', 'no length');
}

function readLittleEndian(input: Buffer, position: number, bytes: number): number {
  if (position + bytes > input.length) throw new CorruptBatchError('snappy', 'cut off');
  return input.readUIntLE(position, bytes);
}
