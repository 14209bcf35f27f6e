import { readFile, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { systemCode } from '../cli-errors.js';
import type { Layout } from '../config/layout.js';
import { writeAtomically } from '../config/write-atomically.js';
import { laneRequest } from '../daemon/control.types.js';

const record = laneRequest.extend({ createdAt: z.iso.datetime() });

/** What was asked for when the lane was made. */
export type LaneRecord = z.infer<typeof record>;

/** Remembers the lanes that have been made and not been removed, one file each. */
export class LaneStore {
  constructor(private readonly layout: Layout) {}

  async save(lane: LaneRecord): Promise<void> {
    await writeAtomically(this.fileOf(lane.lane), `${JSON.stringify(lane, null, 2)}\n`);
  }

  async list(): Promise<LaneRecord[]> {
    let files: string[];
    try {
      files = await readdir(this.layout.lanes);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
    const names = files.filter((file) => file.endsWith('.json')).map((file) => basename(file, '.json'));
    return Promise.all(names.toSorted().map(async (name) => record.parse(JSON.parse(await readFile(this.fileOf(name), 'utf8')))));
  }

  async remove(lane: string): Promise<void> {
    await rm(this.fileOf(lane), { force: true });
  }

  private fileOf(lane: string): string {
    return join(this.layout.lanes, `${lane}.json`);
  }
}
