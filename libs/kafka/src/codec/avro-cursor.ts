import { isUtf8 } from 'node:buffer';
import { ContentError } from '../errors.js';

const MAX_DEPTH = 64;

/**
 * Walks an Avro body without building anything, so that what a hostile body claims is checked before memory is given to it.
 * Every `skip` throws {@link ContentError} where a strict reader would: `decode-limit` for what the whole body could not hold, `undecodable`
 * for what only its rest cannot, which is a record cut short. Spark's decoder draws the same line.
 */
export class AvroCursor {
  buffer: Buffer = Buffer.alloc(0);
  position = 0;
  #depth = 0;
  #bodyLength = 0;
  /** Items that took no bytes, over the whole body: an array of null could claim them without end. */
  #emptyItems = 0;

  reset(buffer: Buffer, position: number): void {
    this.buffer = buffer;
    this.position = position;
    this.#depth = 0;
    this.#bodyLength = buffer.length - position;
    this.#emptyItems = 0;
  }

  get remaining(): number {
    return this.buffer.length - this.position;
  }

  enter(): void {
    if (++this.#depth > MAX_DEPTH) throw new ContentError('decode-limit', `nested deeper than ${String(MAX_DEPTH)}`);
  }

  leave(): void {
    this.#depth--;
  }

  /** A zigzag varint; NaN where it lies outside +-2^53, which no number of JavaScript holds exactly. */
  readLong(): number {
    const { buffer } = this;
    let position = this.position;
    let bits = 0;
    // 28 bits fit the fast integer path; longer ones go on as a double.
    for (let shift = 0; shift < 28; shift += 7) {
      if (position >= buffer.length) throw truncated();
      const byte = buffer[position++] ?? 0;
      bits |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.position = position;
        return (bits >>> 1) ^ -(bits & 1);
      }
    }
    return this.#readWide(position, bits);
  }

  #readWide(start: number, low: number): number {
    let position = start;
    let wide = BigInt(low);
    for (let shift = 28n; shift <= 63n; shift += 7n) {
      if (position >= this.buffer.length) throw truncated();
      const byte = this.buffer[position++] ?? 0;
      wide |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (wide >> 64n !== 0n) break;
      this.position = position;
      const value = (wide >> 1n) ^ -(wide & 1n);
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : Number.NaN;
    }
    throw new ContentError('undecodable', 'a number is longer than 64 bits');
  }

  skipBytes(count: number): void {
    if (count > this.remaining) throw truncated();
    this.position += count;
  }

  /** A length that the rest of the body can hold. */
  readLength(): number {
    const length = this.readLong();
    if (!(length >= 0 && length <= this.#bodyLength)) throw this.#beyond('a length of', length);
    if (length > this.remaining) throw truncated();
    return length;
  }

  /** Where the string begins; the cursor stands behind it. */
  skipString(): number {
    const length = this.readLength();
    const start = this.position;
    const end = start + length;
    const { buffer } = this;
    let seen = 0;
    for (let index = start; index < end; index++) seen |= buffer[index] ?? 0;
    if (seen >= 0x80 && !isUtf8(buffer.subarray(start, end))) throw new ContentError('undecodable', 'a string is not UTF-8');
    this.position = end;
    return start;
  }

  skipBoolean(): void {
    if (this.remaining < 1) throw truncated();
    if ((this.buffer[this.position++] ?? 0) > 1) throw new ContentError('undecodable', 'a boolean is neither 0 nor 1');
  }

  /**
   * Walks the blocks of an array or a map.
   * @param minimum fewest bytes one item takes
   */
  skipBlocks(minimum: number, skipItem: () => void): void {
    this.enter();
    for (;;) {
      let count = this.readLong();
      if (count === 0) break;
      let end = -1;
      if (count < 0) {
        count = -count;
        end = this.readLength() + this.position;
      }
      this.#checkCount(count, minimum);
      for (let item = 0; item < count; item++) skipItem();
      if (end >= 0 && end !== this.position) throw new ContentError('undecodable', 'a block is not as long as it says');
    }
    this.leave();
  }

  #checkCount(count: number, minimum: number): void {
    if (!(count * Math.max(minimum, 1) <= this.#bodyLength)) throw this.#beyond('a count of', count);
    if (minimum > 0) return;
    this.#emptyItems += count;
    if (this.#emptyItems > this.#bodyLength) throw this.#beyond('empty items, in all', this.#emptyItems);
  }

  #beyond(what: string, claimed: number): ContentError {
    const shown = Number.isNaN(claimed) ? 'more than 2^53' : String(claimed);
    return new ContentError('decode-limit', `${what} ${shown} in a body of ${String(this.#bodyLength)} bytes`);
  }
}

function truncated(): ContentError {
  return new ContentError('undecodable', 'the body ends too early');
}
