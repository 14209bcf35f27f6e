/** Reads the primitive types of Kafka's protocol. */
class BodyReader {
  #position = 0;

  constructor(private readonly buffer: Buffer) {}

  int8(): number { return this.buffer.readInt8(this.#move(1)); }
  int16(): number { return this.buffer.readInt16BE(this.#move(2)); }
  int32(): number { return this.buffer.readInt32BE(this.#move(4)); }
  int64(): bigint { return this.buffer.readBigInt64BE(this.#move(8)); }

  string(): string {
    const length = this.int16();
    return length < 0 ? '' : this.#take(length).toString();
  }

  bytes(): Buffer {
    return this.#take(this.int32());
  }

  array<T>(read: () => T): T[] {
    return Array.from({ length: this.int32() }, read);
  }

  varint(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.buffer[this.#move(1)] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      shift += 7;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }

  varbytes(): Buffer | null {
    const length = this.varint();
    return length < 0 ? null : this.#take(length);
  }

  #take(length: number): Buffer {
    const start = this.#move(length);
    return this.buffer.subarray(start, start + length);
  }

  #move(bytes: number): number {
    const start = this.#position;
    this.#position += bytes;
    return start;
  }
}

/** Cuts requests out of a stream and frames the answers. */
export class FrameReader {
  body = new BodyReader(Buffer.alloc(0));
  #held: Buffer = Buffer.alloc(0);

  constructor(private readonly answer: (api: number, body: BodyReader) => FrameWriter) {}

  *push(bytes: Buffer): Generator<Buffer> {
    this.#held = Buffer.concat([this.#held, bytes]);
    while (this.#held.length >= 4 && this.#held.length >= 4 + this.#held.readInt32BE(0)) {
      const end = 4 + this.#held.readInt32BE(0);
      const body = new BodyReader(this.#held.subarray(4, end));
      this.#held = this.#held.subarray(end);
      const api = body.int16();
      body.int16();
      const correlation = body.int32();
      body.string();
      yield this.answer(api, body).frame(correlation);
    }
  }
}

/** Writes the primitive types of Kafka's protocol. */
export class FrameWriter {
  readonly #parts: Buffer[] = [];

  int8(value: number): this { return this.#put(1, (buffer) => buffer.writeInt8(value)); }
  int16(value: number): this { return this.#put(2, (buffer) => buffer.writeInt16BE(value)); }
  int32(value: number): this { return this.#put(4, (buffer) => buffer.writeInt32BE(value)); }
  int64(value: bigint): this { return this.#put(8, (buffer) => buffer.writeBigInt64BE(value)); }

  int32s(values: readonly number[]): this {
    return this.array(values, (out, value) => out.int32(value));
  }

  string(text: string | null): this {
    this.int16(text === null ? -1 : Buffer.byteLength(text));
    this.#parts.push(Buffer.from(text ?? ''));
    return this;
  }

  array<T>(items: readonly T[], write: (out: this, item: T, index: number) => unknown): this {
    this.int32(items.length);
    for (const [index, item] of items.entries()) write(this, item, index);
    return this;
  }

  frame(correlation: number): Buffer {
    const body = Buffer.concat(this.#parts);
    const head = Buffer.alloc(8);
    head.writeInt32BE(body.length + 4, 0);
    head.writeInt32BE(correlation, 4);
    return Buffer.concat([head, body]);
  }

  #put(bytes: number, write: (buffer: Buffer) => unknown): this {
    const buffer = Buffer.alloc(bytes);
    write(buffer);
    this.#parts.push(buffer);
    return this;
  }
}

/** What of a record batch tells repetitions apart, and its values. */
export function readBatch(bytes: Buffer): { readonly producerId: bigint; readonly firstSequence: number; readonly values: string[] } {
  const producerId = bytes.readBigInt64BE(43);
  const firstSequence = bytes.readInt32BE(53);
  const reader = new BodyReader(bytes.subarray(57));
  const values = reader.array(() => {
    reader.varint();
    reader.int8();
    reader.varint();
    reader.varint();
    reader.varbytes();
    const value = String(reader.varbytes() ?? '');
    for (let left = reader.varint(); left > 0; left--) {
      reader.varbytes();
      reader.varbytes();
    }
    return value;
  });
  return { producerId, firstSequence, values };
}
