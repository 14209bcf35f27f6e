import type { IncomingMessage, ServerResponse } from 'node:http';
import { problem, sendProblem } from '@millrace/service-kit';

/** Everything from here and nothing inline: what a label says can never run. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
};

const METHODS = ['GET', 'HEAD'];
/** All that the page may change: what people decide about orders and alerts. */
const WRITABLE = /^\/api\/(?:fraud\/cases\/[^/?]+\/verdict|alerting\/alerts\/[0-9a-f]{1,16}\/(?:acknowledge|unacknowledge|comment|snooze|verdict))$/;

/** Sets the security headers; refuses whatever would write but what people decide on this page itself. */
export function secure(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  response.removeHeader('X-Powered-By');
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  const writable = WRITABLE.test(request.url ?? '');
  if (METHODS.includes(request.method ?? '')) {
    if (request.url?.startsWith('/api/') === true) response.setHeader('Cache-Control', 'no-store');
    next();
  } else if (!writable || request.method !== 'POST') {
    response.setHeader('Allow', writable ? 'POST' : METHODS.join(', '));
    sendProblem(response, problem(405, 'This service is only read from.'));
  } else if (!isFromThisPage(request)) {
    sendProblem(response, problem(403, 'This is taken from the dashboard itself only; programs send it to the fraud desk or the notifier.'));
  } else {
    next();
  }
}

/** Browsers say with every POST which page it comes from, and no page can make them say another. JSON is asked for, since no form can send it. */
function isFromThisPage({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  if (headers['content-type']?.split(';', 1)[0]?.trim() !== 'application/json') return false;
  const { origin = '', host = '' } = headers;
  return URL.canParse(origin) && host !== '' && new URL(origin).host === host;
}
