/** Seconds before each attempt: the schedule of the Standard Webhooks specification, 75 h 35 min in all. */
export const STANDARD_SCHEDULE: readonly number[] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

const RETRY_STATUS: ReadonlySet<number> = new Set([408, 425, 429]);
const RETRY_AFTER_FIRST_MS = 1_000;
const RETRY_AFTER_LAST_MS = 3_600_000;
/** Part of a delay that is added at random, so that what failed together does not come back together. */
const JITTER = 0.1;
const JITTER_LAST_MS = 60_000;

/** What a receiver's answer, or its absence, means. */
export type Outcome = 'delivered' | 'retry' | 'failed' | 'disabled';

/** The meaning of an HTTP status. Redirects are failures: they are never followed. */
export function outcomeOfStatus(status: number): Outcome {
  if (status >= 200 && status < 300) return 'delivered';
  if (status === 410) return 'disabled';
  return RETRY_STATUS.has(status) || status >= 500 ? 'retry' : 'failed';
}

/** How long a `Retry-After` header asks to wait: ms, clamped to 1 s..1 h; null where it says nothing that can be understood. */
export function retryAfterMs(header: string | null, now: number): number | null {
  const text = header?.trim() ?? '';
  if (text === '') return null;
  const seconds = Number(text);
  const wait = Number.isFinite(seconds) ? Math.ceil(seconds) * 1_000 : httpDate(text) - now;
  if (Number.isNaN(wait)) return null;
  return Math.min(RETRY_AFTER_LAST_MS, Math.max(RETRY_AFTER_FIRST_MS, wait));
}

function httpDate(text: string): number {
  // Date.parse also takes things that are no dates of HTTP, such as "may".
  return /^[A-Za-z]{3,9}, .*\d{2}:\d{2}:\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
}

export interface RetryState {
  readonly schedule: readonly number[];
  /** Attempts that counted against the schedule, this one included. */
  readonly step: number;
  /** When the delivery was queued, ms. */
  readonly queuedAt: number;
  readonly now: number;
  readonly retryAfterMs: number | null;
  /** 0..1 */
  readonly random: number;
}

/**
 * When to try again, and the step then; null: the schedule is at its end. A receiver that says when to come back is asked then, and the
 * attempt does not count: only the schedule's whole span ends such a delivery.
 */
export function nextAttempt(state: RetryState): { readonly at: number; readonly step: number } | null {
  if (state.retryAfterMs !== null) {
    const at = state.now + withJitter(state.retryAfterMs, state.random);
    // Once it may ask for the longest wait, also where the schedule is shorter.
    return at > state.queuedAt + Math.max(spanMs(state.schedule), RETRY_AFTER_LAST_MS + JITTER_LAST_MS) ? null : { at, step: state.step - 1 };
  }
  const delay = state.schedule[state.step];
  return delay === undefined ? null : { at: state.now + withJitter(delay * 1_000, state.random), step: state.step };
}

/** From the first attempt to the last, ms. */
export function spanMs(schedule: readonly number[]): number {
  return schedule.reduce((sum, seconds) => sum + seconds, 0) * 1_000;
}

function withJitter(ms: number, random: number): number {
  return Math.round(ms + random * Math.min(JITTER_LAST_MS, ms * JITTER));
}
