import type { Delivery } from './faults/fault-stream.js';
import { STREAM_NAMES, type StreamName } from './world/world-event.js';

/** Records of one stream whose event time lies in one minute. */
export interface LedgerCounts {
  /** Records sent: distinct + duplicate + corrupt. */
  produced: number;
  /** Different event ids among them. */
  distinct: number;
  duplicate: number;
  /** Distinct events sent up to two seconds after their time. */
  outOfOrder: number;
  /** Distinct events held back, yet within the allowed lateness. */
  lateWithin: number;
  /** Distinct events held back beyond the allowed lateness. */
  late: number;
  corrupt: number;
  /** Records that Kafka has confirmed. */
  acknowledged: number;
  /** Records sent once more because no confirmation came: the topic may hold as many more than was produced. */
  resent: number;
}

export interface LedgerRow extends LedgerCounts {
  readonly stream: StreamName;
  /** Start of the minute of event time, ISO 8601. */
  readonly minute: string;
}

/** The ledger as `GET /ledger` and the ledger file give it. */
export interface LedgerReport {
  readonly totals: Readonly<Record<StreamName, Readonly<LedgerCounts>>>;
  /** Milliseconds of event time skipped after pauses that were too long to make up for. */
  readonly skippedMs: number;
  /** Minutes that are in the totals alone, because a ledger keeps only so many. */
  readonly droppedMinutes: number;
  readonly minutes: readonly LedgerRow[];
}

const MINUTE_MS = 60_000;
const MOST_MINUTES = 100_000;

/** Writes down exactly what was sent, per stream and minute of event time. */
export class Ledger {
  readonly #minutes = new Map<number, Map<StreamName, LedgerCounts>>();
  readonly #totals = Object.fromEntries(STREAM_NAMES.map((stream) => [stream, noCounts()])) as Record<StreamName, LedgerCounts>;
  #skippedMs = 0;
  #dropped = 0;

  produced(delivery: Delivery): void {
    this.#count(delivery, (counts) => {
      counts.produced += 1;
      if (delivery.fault !== 'duplicate' && delivery.fault !== 'corrupt') counts.distinct += 1;
      if (delivery.fault !== null) counts[delivery.fault] += 1;
    });
  }

  acknowledged(delivery: Delivery): void {
    this.#count(delivery, (counts) => (counts.acknowledged += 1));
  }

  resent(delivery: Delivery): void {
    this.#count(delivery, (counts) => (counts.resent += 1));
  }

  skipped(ms: number): void {
    this.#skippedMs += ms;
  }

  /** Total of all streams. */
  total(field: keyof LedgerCounts): number {
    return STREAM_NAMES.reduce((sum, stream) => sum + this.#totals[stream][field], 0);
  }

  /** @param from first minute of event time, ms, inclusive; @param until exclusive. */
  report(from = -Infinity, until = Infinity): LedgerReport {
    const minutes: LedgerRow[] = [];
    for (const [minute, streams] of [...this.#minutes].sort(([a], [b]) => a - b)) {
      const start = minute * MINUTE_MS;
      if (start < from || start >= until) continue;
      for (const [stream, counts] of streams) minutes.push({ stream, minute: new Date(start).toISOString(), ...counts });
    }
    return { totals: structuredClone(this.#totals), skippedMs: this.#skippedMs, droppedMinutes: this.#dropped, minutes };
  }

  #count(delivery: Delivery, change: (counts: LedgerCounts) => void): void {
    change(this.#totals[delivery.stream]);
    const minute = Math.floor(delivery.event.occurredAt / MINUTE_MS);
    let streams = this.#minutes.get(minute);
    if (streams === undefined) {
      streams = new Map();
      this.#minutes.set(minute, streams);
      this.#forget();
    }
    let counts = streams.get(delivery.stream);
    if (counts === undefined) {
      counts = noCounts();
      streams.set(delivery.stream, counts);
    }
    change(counts);
  }

  #forget(): void {
    if (this.#minutes.size <= MOST_MINUTES) return;
    const oldest = this.#minutes.keys().next();
    if (oldest.done === true) return;
    this.#minutes.delete(oldest.value);
    this.#dropped += 1;
  }
}

function noCounts(): LedgerCounts {
  return { produced: 0, distinct: 0, duplicate: 0, outOfOrder: 0, lateWithin: 0, late: 0, corrupt: 0, acknowledged: 0, resent: 0 };
}
