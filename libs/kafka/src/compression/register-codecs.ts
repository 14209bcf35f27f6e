import zlib from 'node:zlib';
import kafkajs from 'kafkajs';
import { InfrastructureError } from '../errors.js';
import { decompressLz4Frame } from './lz4.js';
import { decompressSnappy } from './snappy.js';

/** Most bytes one compressed batch may become: a batch of a few kilobytes must not fill the memory. */
const MOST_BYTES = 128 * 1024 * 1024;

type Decompress = (bytes: Buffer) => Buffer | Promise<Buffer>;

let registered = false;

/** Teaches kafkajs to read batches that other clients compressed with snappy, LZ4 or zstd; we write none ourselves. */
export function registerCodecs(): void {
  if (registered) return;
  registered = true;
  const { CompressionTypes, CompressionCodecs } = kafkajs;
  CompressionCodecs[CompressionTypes.Snappy] = codec('snappy', (bytes) => decompressSnappy(bytes, MOST_BYTES));
  CompressionCodecs[CompressionTypes.LZ4] = codec('lz4', (bytes) => decompressLz4Frame(bytes, MOST_BYTES));
  CompressionCodecs[CompressionTypes.ZSTD] = codec('zstd', (bytes) => zlib.zstdDecompressSync(bytes, { maxOutputLength: MOST_BYTES }));
}

function codec(name: string, decompress: Decompress) {
  return () => ({
    compress: () => Promise.reject(new InfrastructureError(`${name} is read, never written`)),
    decompress: (bytes: Buffer) => Promise.resolve(decompress(bytes)),
  });
}
