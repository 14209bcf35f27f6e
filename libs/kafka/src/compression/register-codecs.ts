import zlib from 'node:zlib';
import kafkajs from 'kafkajs';
import { InfrastructureError } from '../errors.js';
import { CorruptBatchError } from './corrupt-batch.error.js';
import { decompressLz4Frame } from './lz4.js';
import { decompressSnappy } from './snappy.js';

/** What three bits can name beyond zstd: kafkajs would read such a batch as if it were not compressed. */
const UNKNOWN_CODECS = [5, 6, 7];
/** Most bytes one compressed batch may become: a batch of a few kilobytes must not fill the memory. */
const MOST_BYTES = 128 * 1024 * 1024;

type Decompress = (bytes: Buffer) => Buffer | Promise<Buffer>;

let registered = false;

/**
 * Teaches kafkajs to read batches that other clients compressed with gzip, snappy, LZ4 or zstd; we write none ourselves. What cannot be read is a
 * {@link CorruptBatchError}.
 */
export function registerCodecs(): void {
  if (registered) return;
  registered = true;
  const { CompressionTypes, CompressionCodecs } = kafkajs;
  CompressionCodecs[CompressionTypes.GZIP] = codec('gzip', (bytes) => zlib.gunzipSync(bytes, { maxOutputLength: MOST_BYTES }));
  CompressionCodecs[CompressionTypes.Snappy] = codec('snappy', (bytes) => decompressSnappy(bytes, MOST_BYTES));
  CompressionCodecs[CompressionTypes.LZ4] = codec('lz4', (bytes) => decompressLz4Frame(bytes, MOST_BYTES));
  CompressionCodecs[CompressionTypes.ZSTD] = codec('zstd', (bytes) => zlib.zstdDecompressSync(bytes, { maxOutputLength: MOST_BYTES }));
  for (const id of UNKNOWN_CODECS) {
    Reflect.set(CompressionCodecs, id, codec(`codec ${String(id)}`, () => { throw new Error('this client does not know it'); }));
  }
}

function codec(name: string, decompress: Decompress) {
  return () => ({
    compress: () => Promise.reject(new InfrastructureError(`${name} is read, never written`)),
    decompress: async (bytes: Buffer) => {
      try {
        return await decompress(bytes);
      } catch (error) {
        throw error instanceof CorruptBatchError ? error : new CorruptBatchError(name, error instanceof Error ? error.message : String(error));
      }
    },
  });
}
