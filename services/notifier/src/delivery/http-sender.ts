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
export async function post(agent: Agent, message: Post, timeoutMs: number, signal: AbortSignal): Promise<AttemptResult> {
  return (await exchange(agent, message, timeoutMs, signal)).result;
}

/** As {@link post}, with the answer's text for who understands it. */
export async function exchange(agent: Agent, { url, headers, body }: Post, timeoutMs: number, signal: AbortSignal): Promise<{ readonly result: AttemptResult; readonly text: string }> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await request(url, {
      method: 'POST',
      dispatcher: agent,
      headers: { 'content-type': 'application/json', 'user-agent': 'millrace-notifier', ...headers },
      body,
      signal: AbortSignal.any([signal, timeout]),
    });
    const answer = await readAnswer(response.body);
    const outcome = outcomeOfStatus(response.statusCode);
    const header = response.headers['retry-after'];
    const result: AttemptResult = {
      outcome,
      statusCode: response.statusCode,
      error: outcome === 'delivered' ? null : `answered ${response.statusCode}`,
      responseExcerpt: answer.subarray(0, EXCERPT_BYTES).toString('utf8').replaceAll('\u0000', ''),
      retryAfterMs: outcome === 'retry' ? retryAfterMs(typeof header === 'string' ? header : null, Date.now()) : null,
    };
    return { result, text: answer.toString('utf8') };
  } catch (error) {
    return { result: failure(error, timeout.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error)), text: '' };
  }
}

/** Reads the answer so that the connection can be used again. Its status has come: whatever happens to the rest changes nothing. */
async function readAnswer(answer: AsyncIterable<Buffer> & { destroy(): unknown; on(event: 'error', listener: () => void): unknown }): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  answer.on('error', () => undefined);
  try {
    for await (const part of answer) {
      bytes += part.length;
      if (bytes > MAX_ANSWER_BYTES) break;
      parts.push(part);
    }
  } catch (error) {
    parts.push(Buffer.from(` [the answer broke off: ${reasonOf(error)}]`));
  }
  return Buffer.concat(parts);
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
