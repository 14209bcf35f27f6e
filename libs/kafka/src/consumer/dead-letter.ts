import type { KafkaMessage } from 'kafkajs';
import type { DeadLetterReason } from '../errors.js';
import type { RawHeaders, RawRecord } from '../port.js';

/** A record that is set aside, and why. */
export interface DeadLetter {
  readonly message: KafkaMessage;
  readonly reason: DeadLetterReason;
  readonly detail: string;
  /** Calls of the handler; 0 where it never saw the record. */
  readonly attempts: number;
}

export interface LetterSource {
  readonly topic: string;
  readonly partition: number;
  readonly lane: string;
  readonly group: string;
  readonly deadLetterTopic: string;
}

/** A header's value is cut here: a detail may quote the record. */
const MOST_DETAIL_LENGTH = 1_000;

/** The dead letter as a record: key, value and headers byte for byte, and our own headers behind them. */
export function toRecord(letter: DeadLetter, source: LetterSource, failedAt: Date): RawRecord {
  const { message } = letter;
  const { headers, nullNames } = copyHeaders(message);
  return {
    topic: source.deadLetterTopic,
    partition: source.partition,
    key: message.key,
    value: message.value,
    headers: {
      ...headers,
      millrace_reason: letter.reason,
      millrace_detail: letter.detail.slice(0, MOST_DETAIL_LENGTH),
      millrace_topic: source.topic,
      millrace_partition: String(source.partition),
      millrace_offset: message.offset,
      millrace_timestamp: message.timestamp,
      millrace_group: source.group,
      millrace_lane: source.lane,
      millrace_failed_at: failedAt.toISOString(),
      millrace_attempts: String(letter.attempts),
      ...(nullNames.length === 0 ? {} : { millrace_null_headers: nullNames.join(',') }),
    },
  };
}

/** Last resort for a record that its dead-letter topic does not take: the first bytes of the value, and a header that says so. */
export function truncated(record: RawRecord, bytes: number): RawRecord {
  const value = record.value ?? Buffer.alloc(0);
  const detail = String(record.headers?.['millrace_detail'] ?? '');
  return {
    ...record,
    value: value.subarray(0, bytes),
    headers: {
      ...record.headers,
      millrace_detail: `${detail}; the dead-letter topic takes no record of this size, so the value is cut from ${String(value.length)} to ${String(Math.min(bytes, value.length))} bytes`,
      millrace_truncated: String(value.length),
    },
  };
}

/** What kafkajs reads; its own types leave out null. */
type WireHeader = Buffer | string | (Buffer | string | null)[] | null | undefined;

/** kafkajs cannot write a header without a value, which Kafka allows: it is written empty, and named. */
function copyHeaders(message: KafkaMessage): { readonly headers: RawHeaders; readonly nullNames: readonly string[] } {
  const nullNames: string[] = [];
  const entries = Object.entries<WireHeader>(message.headers ?? {}).map(([name, value]): [string, Buffer | string | (Buffer | string)[]] => {
    if (Array.isArray(value)) return [name, value.map((item) => item ?? '')];
    if (value !== undefined && value !== null) return [name, value];
    nullNames.push(name);
    return [name, ''];
  });
  return { headers: Object.fromEntries(entries), nullNames };
}
