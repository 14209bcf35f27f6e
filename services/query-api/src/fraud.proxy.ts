import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream';
import { problem, sendProblem } from '@millrace/service-kit';

const PREFIX = '/api/fraud/';
/** Longer than the fraud desk's own patience with Kafka, so that its answer comes first. */
const TIMEOUT_MS = 15_000;
/** All that the fraud desk is told of the browser. */
const PASSED_ON = ['accept', 'content-type', 'content-length', 'transfer-encoding'] as const;

/** Passes requests under `/api/fraud/` on as they are, and the answers back; the fraud desk serves nothing else under that prefix. */
export function forwardFraud(deskUrl: string): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  const send = new URL(deskUrl).protocol === 'https:' ? httpsRequest : httpRequest;
  return (request, response, next) => {
    const path = request.url ?? '';
    // Judged as it will be asked for: a URL may hide its way up as %2e%2e.
    const target = path.startsWith(PREFIX) && URL.canParse(path, deskUrl) ? new URL(path, deskUrl) : null;
    if (target?.pathname.startsWith(PREFIX) !== true) {
      next();
      return;
    }
    const headers = Object.fromEntries(PASSED_ON.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]])));
    const onward = send(target, { method: request.method ?? 'GET', headers, timeout: TIMEOUT_MS });
    onward.on('timeout', () => { onward.destroy(); });
    onward.on('response', (answer) => {
      response.statusCode = answer.statusCode ?? 502;
      response.setHeader('Content-Type', answer.headers['content-type'] ?? 'application/octet-stream');
      response.setHeader('Cache-Control', 'no-store');
      // What breaks off in the middle breaks off here too.
      pipeline(answer, response, () => undefined);
    });
    onward.on('error', () => {
      if (response.headersSent) response.destroy();
      else sendProblem(response, problem(503, 'The fraud desk does not answer now.'));
    });
    pipeline(request, onward, () => undefined);
  };
}
