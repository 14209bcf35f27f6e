import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { BlockedAddressError, checkAddress } from './address-guard.js';

export interface GuardRules {
  readonly privateAllowed: boolean;
  readonly ownPort: number;
}

/** Resolves names to allowed addresses only, so that no packet leaves for a forbidden one. Literal addresses are never looked up. */
export function guardedLookup(rules: GuardRules, resolve: typeof systemLookup = systemLookup): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        done(error, '', 0);
        return;
      }
      const allowed = found.filter(({ address }) => refusalOf(address, 0, rules) === null);
      const [first] = allowed;
      if (first === undefined) done(new BlockedAddressError(hostname, `it leads to ${addresses(found)}, which is not public`), '', 0);
      else if (options.all === true) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
}

/** Why an address must not be connected to; null: it may. */
export function refusalOf(address: string, port: number, rules: GuardRules): BlockedAddressError | null {
  try {
    checkAddress(address, port, rules);
    return null;
  } catch (error) {
    if (error instanceof BlockedAddressError) return error;
    throw error;
  }
}

/** Connects to an allowed address. Rejects with {@link BlockedAddressError} for another, also where a name leads to one. */
export function connectGuarded(host: string, port: number, rules: GuardRules, timeoutMs: number): Promise<Socket> {
  const literal = isIP(host) === 0 ? null : refusalOf(host, port, rules);
  if (literal !== null) return Promise.reject(literal);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, lookup: guardedLookup(rules) });
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => { fail(new Error(`no connection within ${timeoutMs} ms`)); }, timeoutMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      fail(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      const refusal = refusalOf(socket.remoteAddress ?? host, port, rules);
      if (refusal !== null) {
        fail(refusal);
        return;
      }
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

function addresses(found: readonly LookupAddress[]): string {
  return found.map(({ address }) => address).join(', ');
}
