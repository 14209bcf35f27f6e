import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AttemptResult, Channel } from './channel.js';
import { channelFor, type ChannelContext } from './channels.js';
import type { GroupNotice } from './message.js';
import type { Receiver } from './receiver.js';

/** Zeroes: no alert has it. */
const TEST_FINGERPRINT = '0'.repeat(16);

/** A receiver's integration, and the way to it. */
export interface DirectoryEntry {
  readonly receiver: Receiver;
  readonly channel: Channel;
}

/** The integrations of the file and the ways to them. */
export class ReceiverDirectory {
  #entries: readonly DirectoryEntry[] = [];

  constructor(
    readonly lane: string,
    /** Messages may leave the house. */
    private readonly delivering: boolean,
    private readonly context: ChannelContext,
    receivers: readonly Receiver[],
  ) {
    this.replace(receivers);
  }

  get entries(): readonly DirectoryEntry[] {
    return this.#entries;
  }

  /** Those that may be told. */
  get reachable(): readonly DirectoryEntry[] {
    return this.#entries.filter(({ receiver }) => this.mayReach(receiver));
  }

  /** Puts others in their place; of those that are as they were the entry stays. Who delivers to the old ones closes the ways to them. */
  replace(receivers: readonly Receiver[]): void {
    this.#entries = receivers.map((receiver) => this.#entries.find((entry) => isDeepStrictEqual(entry.receiver, receiver)) ?? { receiver, channel: channelFor(receiver, this.context) });
  }

  /** Those of one receiver, by its name. */
  of(name: string): readonly DirectoryEntry[] {
    return this.#entries.filter(({ receiver }) => receiver.name === name);
  }

  /** Whether a message may go there from this lane. */
  mayReach({ type }: Pick<Receiver, 'type'>): boolean {
    return this.delivering || type === 'log';
  }

  /** Sends a test message to each integration of a receiver that may be reached, once, past the queue. */
  test(name: string, now: number, signal: AbortSignal): Promise<readonly (AttemptResult & { readonly integration: string })[]> {
    const notice = { ...testNotice(name, this.lane, now), id: `msg_test_${randomUUID()}`, test: true };
    return Promise.all(this.reachable.filter(({ receiver }) => receiver.name === name).map(async ({ receiver, channel }) => ({ integration: receiver.id, ...(await channel.send(notice, signal)) })));
  }
}

function testNotice(receiver: string, lane: string, now: number): GroupNotice {
  const labels = { alertname: 'test', severity: 'info', lane };
  return {
    receiver, groupKey: '{}:{}', groupLabels: {}, at: now, truncated: 0,
    alerts: [{ status: 'firing', fingerprint: TEST_FINGERPRINT, labels, annotations: { summary: 'A test message: nothing is wrong.' }, startsAt: now, endsAt: null, generatorUrl: '', decision: null }],
  };
}
