import type { Type } from 'avsc';
import { findViolation, type EventContract } from '@millrace/contracts';
import { PublishError } from '../errors.js';
import { parseType } from './event.decoder.js';
import { MAX_VALUE_BYTES, WIRE_PREFIX_BYTES, writePrefix } from './wire.js';

const SLAB_BYTES = 256 * 1024;

/** Writes events of one contract. Values are cut from slabs: one allocation serves about a thousand events. */
export class EventEncoder<E> {
  readonly #type: Type;
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #used = 0;

  constructor(
    private readonly contract: EventContract<E>,
    private readonly schemaId: number,
  ) {
    this.#type = parseType(contract.schema);
  }

  /** Throws `invalid` {@link PublishError} where the event breaks a rule of its contract. */
  check(event: E): void {
    const violation = findViolation(this.contract, event);
    if (violation !== null) throw new PublishError('invalid', this.contract.topic, violation);
  }

  /** Throws `unencodable` or `too-large` {@link PublishError}. */
  encode(event: E): Buffer {
    const start = this.#used;
    const end = this.#write(event, start);
    if (end >= 0) return this.#cut(start, end);
    const missing = -end;
    const needed = this.#slab.length - start + missing;
    if (needed > MAX_VALUE_BYTES) throw new PublishError('too-large', this.contract.topic, `${String(needed)} bytes, at most ${String(MAX_VALUE_BYTES)}`);
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, needed));
    return this.#cut(0, this.#write(event, 0));
  }

  /** Where the value ends, or by how much the slab is too short, as a negative number. */
  #write(event: E, start: number): number {
    try {
      return this.#type.encode(event, this.#slab, start + WIRE_PREFIX_BYTES);
    } catch (error) {
      throw new PublishError('unencodable', this.contract.topic, error instanceof Error ? error.message : String(error), false, error);
    }
  }

  #cut(start: number, end: number): Buffer {
    if (this.#slab.length - start >= WIRE_PREFIX_BYTES) writePrefix(this.#slab, start, this.schemaId);
    this.#used = end;
    return this.#slab.subarray(start, end);
  }
}
