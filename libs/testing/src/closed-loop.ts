/** One thing that was sent, or one that arrived. `key` orders: what shares a key must arrive in the order of `sequence`. */
export interface LoopRecord {
  readonly id: string;
  readonly key: string;
  readonly sequence: number;
}

/** What was sent and what became of it. */
export interface Loop {
  /** All that was tried, confirmed or not. */
  readonly attempted: readonly LoopRecord[];
  /** Ids that were confirmed to the sender. */
  readonly acked: readonly string[];
  /** What is there, in the order it is there. */
  readonly arrived: readonly LoopRecord[];
  /** Ids set aside with a reason: neither lost nor expected. */
  readonly ledger?: readonly string[];
}

export interface Verdict {
  /** Confirmed, and neither there nor in the ledger. */
  readonly lost: readonly string[];
  /** There more than once. */
  readonly duplicated: readonly string[];
  /** There, and never sent. */
  readonly phantom: readonly string[];
  /** There behind a later one of its key. */
  readonly reordered: readonly string[];
}

export const CLEAN: Verdict = { lost: [], duplicated: [], phantom: [], reordered: [] };

/** Compares the two ends of a loop. */
export function judge({ attempted, acked, arrived, ledger = [] }: Loop): Verdict {
  const counts = new Map<string, number>();
  for (const { id } of arrived) counts.set(id, (counts.get(id) ?? 0) + 1);
  const accounted = new Set(ledger);
  const known = new Set(attempted.map(({ id }) => id));
  return {
    lost: acked.filter((id) => !counts.has(id) && !accounted.has(id)),
    duplicated: [...counts].filter(([, count]) => count > 1).map(([id]) => id),
    phantom: [...counts.keys()].filter((id) => !known.has(id)),
    reordered: reordered(arrived),
  };
}

function reordered(arrived: readonly LoopRecord[]): string[] {
  const last = new Map<string, number>();
  return arrived.flatMap(({ id, key, sequence }) => {
    const before = last.get(key) ?? Number.NEGATIVE_INFINITY;
    last.set(key, Math.max(before, sequence));
    return sequence < before ? [id] : [];
  });
}
