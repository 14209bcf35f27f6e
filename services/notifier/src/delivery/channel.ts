import type { Notice } from './message.js';
import type { Outcome } from './retry.js';

/** How one attempt went. */
export interface AttemptResult {
  readonly outcome: Outcome;
  readonly statusCode: number | null;
  readonly error: string | null;
  /** First 1 kB of the answer. */
  readonly responseExcerpt: string | null;
  /** What the receiver asked us to wait, ms. */
  readonly retryAfterMs: number | null;
}

/** A way to tell a receiver something. Never throws for what the receiver does: that is in the result. */
export interface Channel {
  /** One attempt. `signal` ends it early, with outcome `retry`. */
  send(notice: Notice, signal: AbortSignal): Promise<AttemptResult>;
  close(): Promise<void>;
}
