/** What an integration was last told of a group; fingerprints. */
export interface LogEntry {
  readonly firing: ReadonlySet<string>;
  readonly resolved: ReadonlySet<string>;
  /** ms */
  readonly at: number;
}

export interface Pending {
  readonly firing: ReadonlySet<string>;
  readonly resolved: ReadonlySet<string>;
  readonly sendResolved: boolean;
  readonly repeatIntervalMs: number;
  readonly now: number;
}

/** Whether there is something to tell: what it was not told of yet, that all is over, or the same once more after the repeat interval. */
export function needsUpdate(entry: LogEntry | undefined, pending: Pending): boolean {
  if (entry === undefined) return pending.firing.size > 0;
  if (!isSubset(pending.firing, entry.firing)) return true;
  // Also where resolved notices are not wanted, so that the log is cleared; what fired and ended in between nobody knew of.
  if (pending.firing.size === 0) return entry.firing.size > 0;
  if (pending.sendResolved && !isSubset(pending.resolved, entry.resolved)) return true;
  return entry.at < pending.now - pending.repeatIntervalMs;
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  return [...part].every((one) => whole.has(one));
}
