import avro, { type Schema, type Type } from 'avsc';
import { findViolation, subjectOf, type EventContract } from '@millrace/contracts';
import { ContentError } from '../errors.js';
import { compileScan, type AvroScan } from './avro-scan.js';
import { MAX_VALUE_BYTES, readSchemaId, WIRE_PREFIX_BYTES } from './wire.js';

const OLDEST_EVENT_MS = Date.UTC(2000, 0, 1);
const MOST_AHEAD_MS = 5 * 60_000;

/** Where schemas of writers come from: the registry. */
export interface SchemaSource {
  schemaOf(id: number, subject: string): Promise<string>;
}

/** How records of one writer's schema are checked and read. */
interface Reader {
  readonly scan: AvroScan;
  /** Resolves the writer's schema to ours; undefined where the two are the same text. */
  readonly resolver: ReturnType<Type['createResolver']> | undefined;
}

/** Reads the records of one contract, whatever schema version they were written with. */
export class EventDecoder<E> {
  readonly #type: Type;
  readonly #readers = new Map<number, Reader | ContentError>();

  constructor(
    private readonly contract: EventContract<E>,
    private readonly registry: SchemaSource,
  ) {
    this.#type = parseType(contract.schema);
  }

  /**
   * The event, checked against its contract. Throws {@link ContentError}. Returns the schema id where it must be {@link load}ed first, so
   * that the usual case needs no promise.
   * @param recordTime the record's timestamp, ms
   */
  decode(value: Buffer | null, recordTime: number): { readonly event: E } | number {
    if (value === null) throw new ContentError('undecodable', 'the value is null');
    if (value.length > MAX_VALUE_BYTES) throw new ContentError('too-large', `${String(value.length)} bytes, at most ${String(MAX_VALUE_BYTES)}`);
    const id = readSchemaId(value);
    const reader = this.#readers.get(id);
    if (reader === undefined) return id;
    if (reader instanceof ContentError) throw reader;
    reader.scan(value, WIRE_PREFIX_BYTES);
    const event = this.#read(value, reader);
    const violation = findViolation(this.contract, event);
    if (violation !== null) throw new ContentError('invalid', violation);
    checkEventTime(event, recordTime);
    return { event };
  }

  /** Learns a writer's schema. Throws `unknown-schema` {@link ContentError}, or `InfrastructureError` while the registry is away. */
  async load(id: number): Promise<void> {
    const schema = await this.registry.schemaOf(id, subjectOf(this.contract.topic));
    this.#readers.set(id, this.#reader(id, schema));
  }

  #reader(id: number, schema: string): Reader | ContentError {
    try {
      const resolver = schema === this.contract.schema ? undefined : this.#type.createResolver(parseType(schema));
      return { scan: compileScan(JSON.parse(schema) as Schema), resolver };
    } catch (error) {
      return new ContentError('unknown-schema', `schema ${String(id)} cannot be read as ${this.contract.name}: ${messageOf(error)}`);
    }
  }

  #read(value: Buffer, reader: Reader): E {
    try {
      const decoded: { value: E; offset: number } = this.#type.decode(value, WIRE_PREFIX_BYTES, reader.resolver);
      return decoded.value;
    } catch (error) {
      throw new ContentError('undecodable', messageOf(error));
    }
  }
}

/** Parses a schema the way reader and writer both need it: unions unwrapped, longs as numbers, our own attributes ignored. */
export function parseType(schema: string): Type {
  return avro.Type.forSchema(JSON.parse(schema) as Schema, { wrapUnions: 'auto', omitRecordMethods: true });
}

/**
 * Sets aside a clock that lies: one event dated tomorrow would close everybody's windows. The earlier of the record's time and ours is the
 * reference, as in Spark: a producer may date the record like the event, and a topic read again later must give the same verdict.
 */
function checkEventTime(event: unknown, recordTime: number): void {
  const occurredAt: unknown = typeof event === 'object' && event !== null ? Reflect.get(event, 'occurredAt') : undefined;
  if (typeof occurredAt !== 'number') return;
  if (occurredAt < OLDEST_EVENT_MS) throw new ContentError('event-time', `occurredAt ${String(occurredAt)} is before the year 2000`);
  const ahead = occurredAt - (recordTime > 0 ? Math.min(recordTime, Date.now()) : Date.now());
  if (ahead > MOST_AHEAD_MS) throw new ContentError('event-time', `occurredAt ${String(occurredAt)} is ${String(Math.round(ahead / 1000))} s ahead`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
