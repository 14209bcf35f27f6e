import { randomUUID } from 'node:crypto';
import type { AlertEvent } from '@millrace/contracts';
import type { AttemptResult, Channel } from './channel.js';
import type { Receiver } from './receiver.js';

/** Zeroes: no alert has it. */
const TEST_FINGERPRINT = '0'.repeat(16);

/** The receivers of the file and the ways to them. */
export class ReceiverDirectory {
  constructor(
    readonly lane: string,
    /** Messages may leave the house. */
    private readonly delivering: boolean,
    readonly entries: readonly { readonly receiver: Receiver; readonly channel: Channel }[],
  ) {}

  /** Sends a test message once, past the queue. Null: no such receiver. */
  async test(name: string, now: number, signal: AbortSignal): Promise<AttemptResult | null> {
    const entry = this.entries.find(({ receiver }) => receiver.name === name);
    if (entry === undefined) return null;
    const id = randomUUID();
    return entry.channel.send({ id: `msg_test_${id}`, alert: testAlert(id, this.lane, now), test: true }, signal);
  }

  /** Whether a message may go to this receiver from this lane. */
  mayReach(name: string): boolean {
    return this.delivering || this.entries.some(({ receiver }) => receiver.name === name && receiver.type === 'log');
  }
}

function testAlert(id: string, lane: string, now: number): AlertEvent {
  return {
    eventId: `test-${id}`,
    fingerprint: TEST_FINGERPRINT,
    status: 'FIRING',
    rule: 'test',
    severity: 'info',
    labels: { rule: 'test', severity: 'info', lane },
    annotations: { summary: 'A test message: nothing is wrong.' },
    value: null,
    threshold: null,
    startsAt: now,
    endsAt: null,
    occurredAt: now,
    evidence: [],
    lane,
  };
}
