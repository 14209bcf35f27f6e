/** Above this a window's length no longer sets the pace: open windows are recomputed as events come. */
const LONGEST_PACE_MS = 300_000;
/** What computing, publishing and storing may take on top. */
const SLACK_MS = 60_000;

interface Pace {
  readonly lengthMs?: number | undefined;
  readonly slideMs?: number | undefined;
}

/** Age, in ms, beyond which a number of such a window is stale: one slide or length (five minutes at most) and a minute. */
export function staleAfterMs({ lengthMs, slideMs }: Pace): number {
  return Math.min(slideMs ?? lengthMs ?? LONGEST_PACE_MS, LONGEST_PACE_MS) + SLACK_MS;
}

/** The moment, in ms, that a window's number speaks for: when it was computed, but never past the window's end. */
export function asOfMs(window: { readonly windowEnd: number; readonly computedAt: number }): number {
  return Math.min(window.windowEnd, window.computedAt);
}

/**
 * As-of time of a metric: that of its newest window, or the time up to which all its sources were counted where that is
 * later, so that a day without refunds is not a stale number.
 *
 * @param own as-of of the metric's windows
 * @param sources as-of of the `events` count of each source topic; null where a topic was never counted
 */
export function metricAsOfMs(own: number, sources: readonly (number | null)[]): number {
  if (sources.length === 0) return own;
  const counted = sources.map((asOf) => asOf ?? Number.NEGATIVE_INFINITY);
  return Math.max(own, Math.min(...counted));
}
