import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { BlockedAddressError, checkAddress } from './address-guard.js';

export interface AgentOptions {
  readonly privateAllowed: boolean;
  readonly ownPort: number;
  /** Sockets to the receiver at a time. */
  readonly connections: number;
  readonly timeoutMs: number;
  /** Resolves names. @default the system's resolver */
  readonly lookup?: typeof systemLookup;
}

/**
 * An HTTP agent that connects to allowed addresses only. Names are checked where they are resolved, so that no packet leaves for a forbidden
 * address, and literal ones, which are never looked up, before connecting. The connected address is checked once more.
 */
export function guardedAgent(options: AgentOptions): Agent {
  const resolve = options.lookup ?? systemLookup;
  const lookup: LookupFunction = (hostname, lookupOptions, done) => {
    resolve(hostname, { ...lookupOptions, all: true }, (error, found) => {
      if (error !== null) {
        done(error, '', 0);
        return;
      }
      const allowed = found.filter(({ address }) => isAllowed(address, 0, options));
      const [first] = allowed;
      if (first === undefined) done(new BlockedAddressError(hostname, `it leads to ${addresses(found)}, which is not public`), '', 0);
      else if (lookupOptions.all === true) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
  const connect = buildConnector({ lookup, timeout: options.timeoutMs, allowH2: false });
  return new Agent({
    connections: options.connections,
    headersTimeout: options.timeoutMs,
    bodyTimeout: options.timeoutMs,
    connect: (target, done) => {
      const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
      const port = Number(target.port);
      const literal = isIP(host) === 0 ? null : refusalOf(host, port, options);
      if (literal !== null) {
        done(literal, null);
        return;
      }
      connect(target, (error, socket) => {
        if (error !== null) {
          done(error, null);
          return;
        }
        const refusal = refusalOf(socket.remoteAddress ?? host, port, options);
        if (refusal === null) {
          done(null, socket);
          return;
        }
        socket.destroy();
        done(refusal, null);
      });
    },
  });
}

function isAllowed(address: string, port: number, options: AgentOptions): boolean {
  return refusalOf(address, port, options) === null;
}

function refusalOf(address: string, port: number, options: AgentOptions): BlockedAddressError | null {
  try {
    checkAddress(address, port, options);
    return null;
  } catch (error) {
    if (error instanceof BlockedAddressError) return error;
    throw error;
  }
}

function addresses(found: readonly LookupAddress[]): string {
  return found.map(({ address }) => address).join(', ');
}
