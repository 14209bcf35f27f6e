import type { ConsumerSignal } from '../port.js';
import { keyOf } from './assignment.js';

export interface PartitionProgress {
  readonly topic: string;
  readonly partition: number;
  /** Next offset to handle. */
  readonly position: number;
  readonly lag: number;
}

/** Notices partitions that have lag and stand still, whatever the reason: the one symptom that all ways of hanging share. */
export class ProgressWatchdog {
  readonly #seen = new Map<string, { position: number; since: number; told: boolean }>();

  constructor(
    private readonly stallAfterMs: number,
    private readonly emit: (signal: ConsumerSignal) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get isStalled(): boolean {
    return [...this.#seen.values()].some((seen) => seen.told);
  }

  /** Takes the state of every assigned partition; those no longer named are forgotten. */
  observe(partitions: readonly PartitionProgress[]): void {
    const present = new Set(partitions.map(({ topic, partition }) => keyOf(topic, partition)));
    for (const key of this.#seen.keys()) if (!present.has(key)) this.#seen.delete(key);
    for (const progress of partitions) this.#observeOne(progress);
  }

  #observeOne({ topic, partition, position, lag }: PartitionProgress): void {
    const key = keyOf(topic, partition);
    const seen = this.#seen.get(key);
    if (seen === undefined || seen.position !== position || lag === 0) {
      this.#seen.set(key, { position, since: this.now(), told: false });
      return;
    }
    const forMs = this.now() - seen.since;
    if (forMs < this.stallAfterMs || seen.told) return;
    seen.told = true;
    this.emit({ type: 'stalled', topic, partition, lag, forMs: Math.round(forMs) });
  }
}
