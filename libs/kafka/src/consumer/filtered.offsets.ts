import { keyOf } from './assignment.js';

/** Offsets that the client passes over by itself: marks of transactions, and records of aborted ones. Nobody will handle them: they are no lag. */
export class FilteredOffsets {
  readonly #spans = new Map<string, { readonly from: number; readonly to: number }>();

  /** Notes that everything from `first` to `last` was passed over. */
  note(topic: string, partition: number, first: number, last: number): void {
    const key = keyOf(topic, partition);
    const before = this.#spans.get(key);
    const continues = before !== undefined && first >= before.from && first <= before.to;
    this.#spans.set(key, { from: continues ? before.from : first, to: last + 1 });
  }

  /** Where a partition stands whose next offset to handle is `position`. */
  after(topic: string, partition: number, position: number): number {
    const span = this.#spans.get(keyOf(topic, partition));
    return span !== undefined && position >= span.from ? Math.max(position, span.to) : position;
  }
}
