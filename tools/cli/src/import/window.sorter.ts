import { BinaryHeap } from './binary.heap.js';

/** Sorts a stream whose items are at most `windowMs` from their order, holding no more than that stretch. */
export class WindowSorter<T> {
  private readonly heap: BinaryHeap<T>;
  private watermark = Number.NEGATIVE_INFINITY;
  private released = Number.NEGATIVE_INFINITY;
  private late = 0;

  constructor(
    compare: (left: T, right: T) => number,
    private readonly timeOf: (item: T) => number,
    private readonly windowMs: number,
  ) {
    this.heap = new BinaryHeap(compare);
  }

  /** Items that came after later ones had left: the window was too short for them. */
  get outOfOrder(): number {
    return this.late;
  }

  add(item: T): void {
    if (this.timeOf(item) < this.released) this.late += 1;
    this.heap.push(item);
  }

  /** The stream has come to `time`; what lies a window before it leaves. */
  advance(time: number): T[] {
    this.watermark = Math.max(this.watermark, time - this.windowMs);
    return this.release(this.watermark);
  }

  /** All that is left. */
  drain(): T[] {
    return this.release(Number.POSITIVE_INFINITY);
  }

  private release(until: number): T[] {
    const out: T[] = [];
    for (let next = this.heap.peek(); next !== undefined && this.timeOf(next) <= until; next = this.heap.peek()) {
      this.released = Math.max(this.released, this.timeOf(next));
      out.push(next);
      this.heap.pop();
    }
    return out;
  }
}
