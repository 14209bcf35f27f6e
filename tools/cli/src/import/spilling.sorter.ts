import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinaryHeap } from './binary.heap.js';

const BATCH = 1000;
const WRITE_CHARS = 1 << 20;

export interface SorterOptions<T> {
  readonly compare: (left: T, right: T) => number;
  /** Items held in memory before they go to a file. @default 200000 */
  readonly maxItems?: number;
  /** Where a folder for temporary files is made. @default the system's */
  readonly folder?: string;
}

/**
 * Sorts more than memory holds: full batches are sorted and written to temporary files as JSON lines, and merged at the end. What fits stays in
 * memory. Items must be plain JSON. `compare` must leave no ties.
 */
export class SpillingSorter<T> {
  private readonly maxItems: number;
  private items: T[] = [];
  private readonly runs: string[] = [];
  private folder: string | null = null;

  constructor(private readonly options: SorterOptions<T>) {
    this.maxItems = options.maxItems ?? 200_000;
  }

  /** True where `spill` is due: the caller awaits it, so that adding stays cheap. */
  add(item: T): boolean {
    return this.items.push(item) >= this.maxItems;
  }

  /** Writes what is in memory to a file. */
  async spill(): Promise<void> {
    this.folder ??= await mkdtemp(join(this.options.folder ?? tmpdir(), 'millrace-import-'));
    const path = join(this.folder, String(this.runs.length));
    this.runs.push(path);
    const file = await open(path, 'wx', 0o600);
    try {
      let text = '';
      for (const item of this.items.sort(this.options.compare)) {
        text += `${JSON.stringify(item)}\n`;
        if (text.length < WRITE_CHARS) continue;
        await file.write(text);
        text = '';
      }
      await file.write(text);
    } finally {
      await file.close();
    }
    this.items = [];
  }

  /** Everything, in order, in batches. To be read once. */
  async *sorted(): AsyncGenerator<readonly T[]> {
    this.items.sort(this.options.compare);
    if (this.runs.length === 0) {
      for (let start = 0; start < this.items.length; start += BATCH) yield this.items.slice(start, start + BATCH);
      return;
    }
    const sources = [...this.runs.map((path) => new Cursor<T>(readLines<T>(path))), new Cursor<T>(inMemory(this.items))];
    const heap = new BinaryHeap<Cursor<T>>((left, right) => this.options.compare(left.current(), right.current()));
    for (const source of sources) if (await source.advance()) heap.push(source);
    let batch: T[] = [];
    for (let source = heap.pop(); source !== undefined; source = heap.pop()) {
      batch.push(source.current());
      if (source.advanceInBatch() || (await source.advance())) heap.push(source);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    yield batch;
  }

  /** Removes the files. */
  async close(): Promise<void> {
    this.items = [];
    if (this.folder !== null) await rm(this.folder, { recursive: true, force: true });
    this.folder = null;
  }
}

/** Walks batches item by item, without a promise per item. */
class Cursor<T> {
  private batch: readonly T[] = [];
  private at = -1;

  constructor(private readonly batches: AsyncGenerator<readonly T[]>) {}

  current(): T {
    const item = this.batch[this.at];
    if (item === undefined) throw new RangeError('the cursor stands before the first or after the last item');
    return item;
  }

  advanceInBatch(): boolean {
    this.at += 1;
    return this.at < this.batch.length;
  }

  async advance(): Promise<boolean> {
    for (;;) {
      const next = await this.batches.next();
      if (next.done === true) return false;
      if (next.value.length === 0) continue;
      this.batch = next.value;
      this.at = 0;
      return true;
    }
  }
}

async function* inMemory<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield await Promise.resolve(items);
}

async function* readLines<T>(path: string): AsyncGenerator<readonly T[]> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 18 }) as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield lines.map((line) => JSON.parse(line) as T);
  }
}
