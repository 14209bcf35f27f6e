import { setTimeout as pause } from 'node:timers/promises';
import { StoreUnavailableError } from './errors.js';

export interface WaitOptions {
  /** Ends the wait: the promise rejects with its reason. */
  readonly signal: AbortSignal;
  /** Told of every failed attempt. */
  readonly onWait: (error: StoreUnavailableError) => void;
  /** Time between attempts, ms. @default 1000 */
  readonly everyMs?: number;
}

/** Does `work` again and again while its store is unavailable; other errors are thrown at once. */
export async function untilAvailable<T>(work: () => Promise<T>, { signal, onWait, everyMs = 1_000 }: WaitOptions): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      onWait(error);
      await pause(everyMs, undefined, { signal });
    }
  }
}
