import { ContentError } from '../errors.js';

/** Largest value of a record, in bytes, wire prefix included. */
export const MAX_VALUE_BYTES = 1_048_576;
/** Magic byte and schema id. */
export const WIRE_PREFIX_BYTES = 5;

const MAGIC = 0;

/** Schema id of a value in Confluent's wire format. */
export function readSchemaId(value: Buffer): number {
  if (value.length < WIRE_PREFIX_BYTES) throw new ContentError('undecodable', `${String(value.length)} bytes, too few for a schema id`);
  if (value[0] !== MAGIC) throw new ContentError('undecodable', `the first byte is ${String(value[0])}, not ${String(MAGIC)}`);
  const id = value.readInt32BE(1);
  if (id <= 0) throw new ContentError('unknown-schema', `no registry gives the id ${String(id)}`);
  return id;
}

export function writePrefix(buffer: Buffer, position: number, schemaId: number): void {
  buffer[position] = MAGIC;
  buffer.writeInt32BE(schemaId, position + 1);
}
