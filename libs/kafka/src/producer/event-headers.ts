import { randomBytes } from 'node:crypto';
import { trace } from '@opentelemetry/api';
import type { EventContract } from '@millrace/contracts';
import type { RawHeaders } from '../port.js';

/** Builds the CloudEvents headers of one contract; what is the same for every event is encoded once. */
export class EventHeaders<E> {
  readonly #constant: RawHeaders;

  constructor(contract: EventContract<E>, clientId: string) {
    this.#constant = {
      ce_specversion: Buffer.from('1.0'),
      ce_source: Buffer.from(`/millrace/${clientId}`),
      ce_type: Buffer.from(`io.millrace.${contract.name}`),
      'content-type': Buffer.from('application/avro'),
    };
  }

  of(event: E, traceparent: Buffer): RawHeaders {
    const constant = this.#constant;
    return {
      ce_specversion: constant['ce_specversion'] ?? '',
      ce_id: textField(event, 'eventId') ?? randomBytes(16).toString('hex'),
      ce_source: constant['ce_source'] ?? '',
      ce_type: constant['ce_type'] ?? '',
      ce_time: timeOf(event),
      'content-type': constant['content-type'] ?? '',
      traceparent,
    };
  }
}

/** The trace to carry on: the given one, else the active span's, else a new one. */
export function traceparentOf(given: string | undefined): Buffer {
  if (given !== undefined) return Buffer.from(given);
  const active = trace.getActiveSpan()?.spanContext();
  if (active !== undefined) return Buffer.from(`00-${active.traceId}-${active.spanId}-0${String(active.traceFlags & 1)}`);
  return Buffer.from(`00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`);
}

let lastTime = Number.NaN;
let lastText = '';

/** RFC 3339. Events of a batch often share their time, and formatting costs more than comparing. */
function timeOf(event: unknown): string {
  const field: unknown = typeof event === 'object' && event !== null ? Reflect.get(event, 'occurredAt') : undefined;
  const time = typeof field === 'number' && Math.abs(field) <= 8.64e15 ? Math.trunc(field) : Date.now();
  if (time !== lastTime) {
    lastTime = time;
    lastText = new Date(time).toISOString();
  }
  return lastText;
}

function textField(event: unknown, name: string): string | undefined {
  const value: unknown = typeof event === 'object' && event !== null ? Reflect.get(event, name) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
