import { request, type Agent } from 'undici';
import { BlockedAddressError } from './address-guard.js';
import type { AttemptResult } from './channel.js';
import { outcomeOfStatus, retryAfterMs } from './retry.js';

const MAX_ANSWER_BYTES = 64 * 1024;
const EXCERPT_BYTES = 1024;
const MAX_ERROR = 300;

export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends one POST, follows nothing, reads at most 64 KiB of the answer, and says what it means. */
export async function post(agent: Agent, { url, headers, body }: Post, timeoutMs: number, signal: AbortSignal): Promise<AttemptResult> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await request(url, {
      method: 'POST',
      dispatcher: agent,
      headers: { 'content-type': 'application/json', 'user-agent': 'millrace-notifier', ...headers },
      body,
      signal: AbortSignal.any([signal, timeout]),
    });
    const excerpt = await excerptOf(response.body);
    const outcome = outcomeOfStatus(response.statusCode);
    const header = response.headers['retry-after'];
    return {
      outcome,
      statusCode: response.statusCode,
      error: outcome === 'delivered' ? null : `answered ${response.statusCode}`,
      responseExcerpt: excerpt,
      retryAfterMs: outcome === 'retry' ? retryAfterMs(typeof header === 'string' ? header : null, Date.now()) : null,
    };
  } catch (error) {
    return failure(error, timeout.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error));
  }
}

/** Reads the answer so that the connection can be used again. Its status has come: whatever happens to the rest changes nothing. */
async function excerptOf(answer: AsyncIterable<Buffer> & { destroy(): unknown; on(event: 'error', listener: () => void): unknown }): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  answer.on('error', () => undefined);
  try {
    for await (const part of answer) {
      if (bytes < EXCERPT_BYTES) parts.push(part);
      bytes += part.length;
      if (bytes > MAX_ANSWER_BYTES) break;
    }
  } catch (error) {
    parts.push(Buffer.from(` [the answer broke off: ${reasonOf(error)}]`));
  }
  return Buffer.concat(parts).subarray(0, EXCERPT_BYTES).toString('utf8').replaceAll('\u0000', '');
}

function failure(error: unknown, reason: string): AttemptResult {
  const blocked = blockedBy(error);
  const text = (blocked?.message ?? reason).slice(0, MAX_ERROR);
  return { outcome: blocked === null ? 'retry' : 'failed', statusCode: null, error: text, responseExcerpt: null, retryAfterMs: null };
}

function blockedBy(error: unknown): BlockedAddressError | null {
  if (error instanceof BlockedAddressError) return error;
  return error instanceof Error && error.cause !== undefined ? blockedBy(error.cause) : null;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return error.message.includes(code) || error.message === '' ? error.message || code : `${code}: ${error.message}`;
}
