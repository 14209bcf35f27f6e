import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream';
import { problem, sendProblem } from '@millrace/service-kit';

/** Longer than the patience of those behind with Kafka, so that their answer comes first. */
const TIMEOUT_MS = 15_000;
/** All that they are told of the browser. */
const PASSED_ON = ['accept', 'content-type', 'content-length', 'transfer-encoding'] as const;

/** A service of the same lane that answers under a prefix. */
export interface Destination {
  readonly prefix: string;
  readonly url: string;
  /** Begins a sentence. */
  readonly name: string;
  /** Where it has what is asked for under a path with the prefix; null: that is not for the page. */
  readonly pathThere: (path: string) => string | null;
}

/** The fraud desk serves nothing else under its prefix. */
export function fraudDesk(url: string): Destination {
  return { prefix: '/api/fraud/', url, name: 'The fraud desk', pathThere: (path) => path };
}

const OF_ALERTS = /^\/api\/alerting(\/rules|\/alerts\/[0-9a-f]{1,16}\/(?:actions|acknowledge|unacknowledge|comment|snooze|verdict))$/;

/** What people do about alerts, and how good rules are; nothing else that the notifier serves. */
export function notifier(url: string): Destination {
  return { prefix: '/api/alerting/', url, name: 'The notifier', pathThere: (path) => OF_ALERTS.exec(path)?.[1] ?? null };
}

/** Passes requests under a prefix on, and the answers back. */
export function forward({ prefix, url, name, pathThere }: Destination): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  const send = new URL(url).protocol === 'https:' ? httpsRequest : httpRequest;
  return (request, response, next) => {
    const path = request.url ?? '';
    // Judged as it will be asked for: a URL may hide its way up as %2e%2e.
    const asked = path.startsWith(prefix) && URL.canParse(path, url) ? new URL(path, url) : null;
    const there = asked?.pathname.startsWith(prefix) === true ? pathThere(asked.pathname) : null;
    if (asked === null || there === null) {
      next();
      return;
    }
    asked.pathname = there;
    const headers = Object.fromEntries(PASSED_ON.flatMap((header) => (request.headers[header] === undefined ? [] : [[header, request.headers[header]]])));
    const onward = send(asked, { method: request.method ?? 'GET', headers, timeout: TIMEOUT_MS });
    onward.on('timeout', () => { onward.destroy(); });
    // Who leaves before the answer is not answered: what is closed takes no answer, and says so by throwing.
    response.once('close', () => { onward.destroy(); });
    onward.on('response', (answer) => {
      if (response.destroyed) {
        answer.destroy();
        return;
      }
      response.statusCode = answer.statusCode ?? 502;
      response.setHeader('Content-Type', answer.headers['content-type'] ?? 'application/octet-stream');
      response.setHeader('Cache-Control', 'no-store');
      // What breaks off in the middle breaks off here too.
      pipeline(answer, response, () => undefined);
    });
    onward.on('error', () => {
      if (response.headersSent) response.destroy();
      else sendProblem(response, problem(503, `${name} does not answer now.`));
    });
    pipeline(request, onward, () => undefined);
  };
}
