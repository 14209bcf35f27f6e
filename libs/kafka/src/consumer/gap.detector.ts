import type { PartitionOffsets } from '../admin/kafka.admin.js';

/** Records between two offsets that will never be read. `to` is not among them; below `from` it means that the log began anew. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/**
 * The gap before a batch, if there is one. Offsets may be missing for honest reasons (compaction, transaction markers), so only what lies
 * before the log's first offset is gone.
 * @param expected the offset that should come next
 * @param first the offset that came
 */
export async function gapBefore(expected: number | undefined, first: number, log: () => Promise<PartitionOffsets | undefined>): Promise<Gap | undefined> {
  if (expected === undefined || first === expected) return undefined;
  if (first < expected) return { from: expected, to: first };
  const low = (await log())?.low;
  if (low === undefined || low <= expected) return undefined;
  return { from: expected, to: Math.min(low, first) };
}

/** The gap that shows without any batch: all that was not read is deleted already, or the log is shorter than what was read of it. */
export function gapAtAssignment(committed: number | undefined, log: PartitionOffsets): Gap | undefined {
  if (committed === undefined) return undefined;
  if (committed < log.low) return { from: committed, to: log.low };
  return committed > log.high ? { from: committed, to: log.low } : undefined;
}
