import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

const LOOK_EVERY_MS = 20;
const DEFAULT_TIMEOUT_MS = 30_000;

/** What a test waited for did not come. */
export class NeverHappenedError extends Error {
  override readonly name = 'NeverHappenedError';
  constructor(
    readonly what: string,
    readonly timeoutMs: number,
    lastSeen: unknown,
  ) {
    super(`waited ${String(timeoutMs)} ms in vain for: ${what}; last seen: ${inspect(lastSeen, { depth: 3, breakLength: Infinity }).slice(0, 500)}`);
  }
}

/**
 * Waits until `look` returns something other than undefined, null and false, and returns it. An error of `look` means "not yet".
 * Throws {@link NeverHappenedError} that says what was waited for and what was seen last.
 */
export async function until<T>(what: string, look: () => T | Promise<T>, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Exclude<NonNullable<T>, false>> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    let seen: unknown;
    try {
      const value = await look();
      if (isThere(value)) return value;
      seen = value;
    } catch (error) {
      seen = error;
    }
    if (performance.now() >= end) throw new NeverHappenedError(what, timeoutMs, seen);
    await sleep(LOOK_EVERY_MS);
  }
}

/** The promise's result. Throws {@link NeverHappenedError} where it does not settle in time. */
export async function within<T>(what: string, promise: Promise<T>, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<T> {
  const expiry = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: expiry.signal }).then(() => {
    throw new NeverHappenedError(what, timeoutMs, 'a promise that has not settled');
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    expiry.abort();
  }
}

function isThere<T>(value: T): value is Exclude<NonNullable<T>, false> {
  return value !== undefined && value !== null && value !== false;
}
