import type { IncomingMessage, ServerResponse } from 'node:http';
import { problem, sendProblem } from './problem.filter.js';

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

/** Sets the security headers; refuses whatever would write, since nothing here does. */
export function secure(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  response.removeHeader('X-Powered-By');
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (METHODS.includes(request.method ?? '')) {
    if (request.url?.startsWith('/api/') === true) response.setHeader('Cache-Control', 'no-store');
    next();
    return;
  }
  response.setHeader('Allow', METHODS.join(', '));
  sendProblem(response, problem(405, 'This service is only read from.'));
}
