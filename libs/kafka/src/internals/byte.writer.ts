/** Copies shorter than this are faster byte by byte than through the engine's own copy. */
const SHORT = 24;

/** Writes Kafka's primitive types into a buffer that is known to be large enough. */
export class ByteWriter {
  position = 0;

  constructor(readonly buffer: Buffer) {}

  int8(value: number): void {
    this.buffer[this.position++] = value & 0xff;
  }

  int16(value: number): void {
    this.position = this.buffer.writeInt16BE(value, this.position);
  }

  int32(value: number): void {
    this.position = this.buffer.writeInt32BE(value, this.position);
  }

  int64(value: bigint): void {
    this.position = this.buffer.writeBigInt64BE(value, this.position);
  }

  /** A zigzag varint of a number below 2^53. */
  varint(value: number): void {
    let rest = value >= 0 ? value * 2 : -value * 2 - 1;
    while (rest > 0x7f) {
      this.buffer[this.position++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.buffer[this.position++] = rest;
  }

  bytes(bytes: Buffer): void {
    const { buffer, position } = this;
    const { length } = bytes;
    if (length < SHORT) for (let index = 0; index < length; index++) buffer[position + index] = bytes[index] ?? 0;
    else bytes.copy(buffer, position);
    this.position = position + length;
  }

  text(text: string): void {
    this.position += this.buffer.write(text, this.position, 'utf8');
  }
}

/** Bytes that {@link ByteWriter.varint} needs. */
export function sizeOfVarint(value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  let size = 1;
  while (rest > 0x7f) {
    size++;
    rest = Math.floor(rest / 128);
  }
  return size;
}
