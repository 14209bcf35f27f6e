export type StoreName = 'redis' | 'postgres';

/** Why a store could not do its work. */
export type UnavailableReason =
  /** No connection, or it broke. */
  | 'connection'
  /** No answer in time; the work may have been done. */
  | 'timeout'
  /** Out of memory, disk or connections. */
  | 'capacity'
  /** A replica, a read-only transaction, or too few replicas. */
  | 'read-only'
  /** Starting, stopping, or loading its data. */
  | 'starting'
  /** Deadlock, lock not got, serialisation failure. */
  | 'conflict'
  /** The store answers, but is not the one expected: password, missing database, table or right. */
  | 'setup';

/** Root of what this library throws. `retriable`: the same call may succeed later. */
export abstract class StoreError extends Error {
  abstract readonly retriable: boolean;
}

/** The store does not do its work now: wait and try again. Never a reason for a dead letter. */
export class StoreUnavailableError extends StoreError {
  override readonly name = 'StoreUnavailableError';
  readonly retriable = true;
  constructor(
    readonly store: StoreName,
    readonly reason: UnavailableReason,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(`${store} is unavailable (${reason}): ${detail}`, options);
  }
}

/** The store refuses what it was given, and always will: bad data, a broken constraint, wrong SQL. */
export class StoreRejectedError extends StoreError {
  override readonly name = 'StoreRejectedError';
  readonly retriable = false;
  constructor(
    readonly store: StoreName,
    /** SQLSTATE, or the first word of Redis's answer. */
    readonly code: string,
    detail: string,
    /** Constraint that was broken, if one was. */
    readonly constraint: string | null = null,
    options?: ErrorOptions,
  ) {
    super(`${store} refused (${code}): ${detail}`, options);
  }
}

/** A stored number has no exact JavaScript number. */
export class UnsafeNumberError extends StoreError {
  override readonly name = 'UnsafeNumberError';
  readonly retriable = false;
  constructor(readonly text: string) {
    super(`${text} has no exact JavaScript number`);
  }
}

/** Network errors as Node names them. */
export const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT',
  'EMFILE', 'EADDRNOTAVAIL', 'ERR_STREAM_DESTROYED',
]);

/** Also for errors from another realm, such as Node's own inside a Jest sandbox, which `instanceof` misses. */
export const isError = (error: unknown): error is Error => Object.prototype.toString.call(error) === '[object Error]';

/** The `code` of an error that has one, else an empty string. */
export function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
