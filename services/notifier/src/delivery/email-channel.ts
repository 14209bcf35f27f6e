import { createTransport } from 'nodemailer';
import { BlockedAddressError } from './address-guard.js';
import type { AttemptResult, Channel } from './channel.js';
import { emailMessage } from './email-message.js';
import { connectGuarded } from './guarded-socket.js';
import type { Links } from './links.js';
import { madeOf, type Notice } from './message.js';
import type { EmailReceiver } from './receiver.js';
import type { Outcome } from './retry.js';

const MAX_ERROR = 300;
const EXCERPT = 1_024;

export interface EmailContext {
  readonly links: Links;
  readonly ownPort: number;
}

/** Sends e-mails over SMTP, a connection for each: alerts are few. */
export class EmailChannel implements Channel {
  readonly #transport: ReturnType<typeof createTransport>;

  constructor(
    private readonly receiver: EmailReceiver,
    private readonly context: EmailContext,
  ) {
    const { host, port, hello, tls, username, password, privateAllowed, timeoutMs } = receiver;
    const { ownPort } = context;
    this.#transport = createTransport({
      host,
      port,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      tls: { servername: host },
      ...(hello === null ? {} : { name: hello }),
      ...(username === null || password === null ? {} : { auth: { user: username, pass: password } }),
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      // Never read a file or a URL that a message names.
      disableFileAccess: true,
      disableUrlAccess: true,
      getSocket: (_options, done) => {
        connectGuarded(host, port, { privateAllowed, ownPort }, timeoutMs).then((connection) => { done(null, { connection }); }, (error: unknown) => { done(error as Error); });
      },
    });
  }

  async send(notice: Notice, signal: AbortSignal): Promise<AttemptResult> {
    const { from, to } = this.receiver;
    const { subject, text } = madeOf(notice, (told) => emailMessage(told, this.context.links));
    // The id of the message is constant over all attempts: mail systems drop what they have.
    const mail = { from, to: [...to], subject, text, messageId: `<${notice.id}@millrace>`, headers: { 'Auto-Submitted': 'auto-generated' }, date: new Date(notice.at) };
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(this.receiver.timeoutMs)]);
    try {
      const sent: unknown = await Promise.race([this.#transport.sendMail(mail), aborted(timeout)]);
      const response = textOf(sent, 'response') ?? '';
      return { outcome: 'delivered', statusCode: codeOf(response), error: null, responseExcerpt: response.slice(0, EXCERPT), retryAfterMs: null };
    } catch (error) {
      return failure(error);
    }
  }

  close(): Promise<void> {
    this.#transport.close();
    return Promise.resolve();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => { reject(new Error('the attempt was cut: the server took too long, or we stop')); };
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

/** What a server's answer means: 4yz will pass, 5yz will not (RFC 5321, 4.2.1); without an answer it may. */
export function outcomeOfSmtp(code: number | null): Outcome {
  if (code === null) return 'retry';
  if (code >= 200 && code < 300) return 'delivered';
  return code >= 500 ? 'failed' : 'retry';
}

function failure(error: unknown): AttemptResult {
  const response = textOf(error, 'response');
  const statusCode = response === null ? null : codeOf(response);
  const outcome = error instanceof BlockedAddressError ? 'failed' : outcomeOfSmtp(statusCode);
  const message = (textOf(error, 'message') ?? String(error)).slice(0, MAX_ERROR);
  return { outcome, statusCode, error: message, responseExcerpt: response?.slice(0, EXCERPT) ?? null, retryAfterMs: null };
}

function textOf(what: unknown, field: string): string | null {
  const value: unknown = typeof what === 'object' && what !== null ? Reflect.get(what, field) : null;
  return typeof value === 'string' ? value : null;
}

function codeOf(response: string): number | null {
  const code = /^[2-5]\d\d/.exec(response)?.[0];
  return code === undefined ? null : Number(code);
}
