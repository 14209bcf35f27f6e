import Decoder from 'kafkajs/src/protocol/decoder.js';

type Value = Buffer | null;
type Headers = Record<string, Value | Value[]>;

interface Name {
  readonly bytes: Buffer;
  readonly text: string;
}

let installed = false;

/**
 * Replaces how kafkajs reads the headers of a record. It copies the object of all earlier headers once more for each header; with the seven of
 * an event that is most of what reading costs. The headers are the same: one that occurs more than once is an array.
 */
export function installHeaderDecoder(): void {
  if (installed) return;
  installed = true;
  // Only the record decoder calls it, to fold the result into an object at once: that object is what it gets.
  Decoder.prototype.readVarIntArray = function readHeaderArray(this: Decoder) {
    const headers = readHeaders(this);
    return { reduce: () => headers };
  };
}

/** Names as they were at each place of the record before: they rarely change. */
const names: Name[] = [];
const MOST_NAMES = 64;

export function readHeaders(decoder: Decoder): Headers {
  const headers: Headers = {};
  const count = decoder.readVarInt();
  for (let index = 0; index < count; index++) {
    const name = readName(decoder, index);
    const value = readBytes(decoder);
    const held = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (held === undefined) set(headers, name, value);
    else set(headers, name, Array.isArray(held) ? [...held, value] : [held, value]);
  }
  return headers;
}

/** An assignment to this one name would set the object's prototype. */
function set(headers: Headers, name: string, value: Value | Value[]): void {
  if (name === '__proto__') Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
  else headers[name] = value;
}

function readName(decoder: Decoder, index: number): string {
  const bytes = readBytes(decoder);
  if (bytes === null) return 'null';
  const known = names[index];
  if (known?.bytes.equals(bytes) === true) return known.text;
  const text = bytes.toString();
  if (index < MOST_NAMES) names[index] = { bytes: Buffer.from(bytes), text };
  return text;
}

function readBytes(decoder: Decoder): Value {
  const length = decoder.readVarInt();
  if (length < 0) return null;
  const start = decoder.offset;
  decoder.offset = start + length;
  return decoder.buffer.subarray(start, start + length);
}
