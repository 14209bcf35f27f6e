import { codeOf, isError, NETWORK_CODES, StoreError, StoreRejectedError, StoreUnavailableError, type UnavailableReason } from './errors.js';

/** By the first word of Redis's answer, which a script's error may carry further inside. */
const ANSWERS: readonly (readonly [RegExp, UnavailableReason])[] = [
  [/\bOOM command not allowed/, 'capacity'],
  [/\bMISCONF\b/, 'capacity'],
  [/max number of clients reached/, 'capacity'],
  [/\bREADONLY\b/, 'read-only'],
  [/\bNOREPLICAS\b/, 'read-only'],
  [/\bMASTERDOWN\b/, 'read-only'],
  [/\bLOADING\b/, 'starting'],
  [/\bBUSY\b/, 'starting'],
  [/\bUNBLOCKED\b/, 'read-only'],
  [/\b(?:NOAUTH|WRONGPASS|NOPERM)\b/, 'setup'],
  [/\b(?:TRYAGAIN|CLUSTERDOWN)\b/, 'starting'],
];

/** What ioredis says without a code when there is no connection. */
const BROKEN = /Connection is closed|Stream isn't writeable|Command aborted due to connection close|Socket closed unexpectedly/;

/** Turns what ioredis threw into an error of this library; errors that are not about Redis come back unchanged. */
export function classifyRedis(error: unknown): unknown {
  if (!isError(error) || error instanceof StoreError) return error;
  const unavailable = (reason: UnavailableReason): StoreUnavailableError =>
    new StoreUnavailableError('redis', reason, error.message, { cause: error });
  if (NETWORK_CODES.has(codeOf(error)) || error.name === 'MaxRetriesPerRequestError' || BROKEN.test(error.message)) return unavailable('connection');
  if (/Command timed out|Socket timeout/.test(error.message)) return unavailable('timeout');
  for (const [pattern, reason] of ANSWERS) if (pattern.test(error.message)) return unavailable(reason);
  if (error.name !== 'ReplyError') return error;
  return new StoreRejectedError('redis', error.message.split(' ', 1)[0] ?? '', error.message, null, { cause: error });
}
