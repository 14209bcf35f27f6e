import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SpillingSorter } from '../src/import/spilling.sorter.js';

interface Item {
  readonly at: number;
  readonly name: string;
}

const compare = (left: Item, right: Item): number => left.at - right.at || (left.name < right.name ? -1 : left.name > right.name ? 1 : 0);
/** A permutation of 0..9999 (7919 is prime to it), with line breaks in the text. */
const items: readonly Item[] = Array.from({ length: 10_000 }, (_, index) => ({ at: (index * 7919) % 10_000, name: `n\n${String(index)}` }));

describe('sorting beyond memory', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-sorter-spec-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** Everything in order, and how many folders there were meanwhile. */
  async function sort(maxItems: number): Promise<{ readonly sorted: Item[]; readonly folders: number }> {
    const sorter = new SpillingSorter<Item>({ compare, maxItems, folder });
    for (const item of items) if (sorter.add(item)) await sorter.spill();
    const folders = (await readdir(folder)).length;
    const sorted: Item[] = [];
    for await (const batch of sorter.sorted()) sorted.push(...batch);
    await sorter.close();
    return { sorted, folders };
  }

  it.each([100_000, 3000, 333, 10_000])('gives the same with %d items in memory', async (maxItems) => {
    const { sorted } = await sort(maxItems);
    expect(sorted).toEqual(items.toSorted(compare));
  });

  it('uses the disk only where it must, and leaves nothing there', async () => {
    expect((await sort(100_000)).folders).toBe(0);
    expect((await sort(333)).folders).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });
});
