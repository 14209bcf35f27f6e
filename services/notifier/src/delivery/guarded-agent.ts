import type { lookup as systemLookup } from 'node:dns';
import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { guardedLookup, refusalOf, type GuardRules } from './guarded-socket.js';

export interface AgentOptions extends GuardRules {
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
  const connect = buildConnector({ lookup: guardedLookup(options, options.lookup), timeout: options.timeoutMs, allowH2: false });
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
