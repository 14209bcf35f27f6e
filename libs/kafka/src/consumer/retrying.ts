import { LaneClosedError } from './lane-closed.error.js';
import type { RetryPauses } from '../port.js';
import { pause } from '../timing.js';

export const RETRY_DEFAULTS: RetryPauses = { initialMs: 200, maxMs: 10_000 };

/**
 * Repeats `work` for ever, with pauses that double, until it succeeds or the lane is closed.
 * @param blocked told of each failure
 * @param isRetriable errors for which it is false are thrown on
 */
export async function retrying<T>(
  work: () => Promise<T>,
  pauses: RetryPauses,
  signal: AbortSignal,
  blocked: (error: Error, attempt: number) => void,
  isRetriable: (error: unknown) => boolean = () => true,
): Promise<T> {
  let pauseMs = pauses.initialMs;
  for (let attempt = 1; ; attempt++) {
    if (signal.aborted) throw new LaneClosedError();
    try {
      return await work();
    } catch (error) {
      if (error instanceof LaneClosedError || !isRetriable(error)) throw error;
      blocked(error instanceof Error ? error : new Error(String(error)), attempt);
      await pause(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, pauses.maxMs);
    }
  }
}
