import { codeOf, isError, NETWORK_CODES, StoreError, StoreRejectedError, StoreUnavailableError, type UnavailableReason } from './errors.js';

/** By SQLSTATE, or its class; the longer match wins. Codes: PostgreSQL manual, appendix A. */
const REASONS: ReadonlyMap<string, UnavailableReason> = new Map([
  ['08', 'connection'],
  ['25006', 'read-only'],
  ['25P03', 'timeout'],
  ['28', 'setup'],
  ['3D000', 'setup'],
  ['3F000', 'setup'],
  ['40', 'conflict'],
  ['42501', 'setup'],
  ['42P01', 'setup'],
  ['53', 'capacity'],
  ['55006', 'conflict'],
  ['55P03', 'conflict'],
  ['57014', 'timeout'],
  ['57P', 'starting'],
  ['58', 'capacity'],
  ['XX', 'setup'],
]);

/** What pg says without a code when the connection is gone. */
const BROKEN = /Connection terminated|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|not queryable/;
const TOO_SLOW = /timeout exceeded when trying to connect|Query read timeout|Connection terminated due to connection timeout/;

/** Turns what pg threw into an error of this library; errors that are not about PostgreSQL come back unchanged. */
export function classifyPostgres(error: unknown): unknown {
  if (!isError(error) || error instanceof StoreError) return error;
  const code = codeOf(error);
  const unavailable = (reason: UnavailableReason): StoreUnavailableError =>
    new StoreUnavailableError('postgres', reason, error.message === '' ? code : error.message, { cause: error });
  // An AggregateError (every address of a host refused) carries the code of the first.
  if (NETWORK_CODES.has(code)) return unavailable('connection');
  if (TOO_SLOW.test(error.message)) return unavailable('timeout');
  if (BROKEN.test(error.message)) return unavailable('connection');
  if (!/^[0-9A-Z]{5}$/.test(code)) return error;
  const reason = REASONS.get(code) ?? REASONS.get(code.slice(0, 3)) ?? REASONS.get(code.slice(0, 2));
  if (reason !== undefined) return unavailable(reason);
  const constraint = 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : null;
  return new StoreRejectedError('postgres', code, error.message, constraint, { cause: error });
}
