/** Limits that an Avro type cannot say, from the `valid` attribute of a field. */
export interface FieldRule {
  /** Path of the field, `[]` for each element of an array: `lines[].quantity`. */
  readonly path: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
}

/** What a topic needs on the broker. */
export interface TopicSettings {
  readonly partitions: number;
  readonly retentionMs: number;
  readonly cleanupPolicy: string;
  /** Largest record batch the topic takes, in bytes. */
  readonly maxMessageBytes: number;
}

/** One kind of event: the topic it lives on, its key, its schema and its rules. Generated from an `.avsc` file. */
export interface EventContract<E> {
  /** Name of the Avro record, such as `OrderEvent`. */
  readonly name: string;
  /** Topic without its lane, such as `shop.orders.v1`. */
  readonly topic: string;
  readonly settings: TopicSettings;
  /** Field that is the Kafka key. */
  readonly keyField: string;
  key(event: E): string;
  /** The Avro schema as JSON text, as it is registered. */
  readonly schema: string;
  readonly rules: readonly FieldRule[];
  /** Never set: carries the event's type. */
  readonly event?: E;
}
