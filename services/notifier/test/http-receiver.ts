import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** What the receiver was sent. */
export interface ReceivedPost {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

/**
 * How it answers: a status with headers and body, never (`hang`), by cutting the connection, before or after the status, or with a 200 whose body
 * drips for ever or is as long as anybody reads.
 */
export type Answer = { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string } | 'hang' | 'cut' | 'cut-body' | 'drip' | 'endless';

/** A receiver on the loopback that writes down what it gets and answers as it is told. */
export class HttpReceiver {
  readonly posts: ReceivedPost[] = [];
  /** Bytes of bodies that do not end. */
  poured = 0;
  #answer: (post: ReceivedPost) => Answer = () => ({ status: 200 });

  private constructor(private readonly server: Server) {}

  static async start(): Promise<HttpReceiver> {
    const server = createServer();
    const receiver = new HttpReceiver(server);
    server.on('request', (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => { receiver.#take({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts).toString('utf8'), at: performance.now() }, response); });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  /** From now on answers so. */
  answer(how: Answer | ((post: ReceivedPost) => Answer)): void {
    this.#answer = typeof how === 'function' ? how : () => how;
  }

  at(path: string): readonly ReceivedPost[] {
    return this.posts.filter((post) => post.path === path);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #take(post: ReceivedPost, response: ServerResponse): void {
    this.posts.push(post);
    const answer = this.#answer(post);
    if (answer === 'hang') return;
    if (answer === 'cut') {
      response.destroy();
      return;
    }
    if (answer === 'cut-body') {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
      return;
    }
    if (answer === 'drip' || answer === 'endless') {
      response.writeHead(200);
      this.#pour(response, answer === 'drip' ? 1 : 1_048_576, answer === 'drip' ? 200 : 0);
      return;
    }
    response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
  }

  /** Writes for as long as somebody reads. */
  #pour(response: ServerResponse, bytes: number, everyMs: number): void {
    const next = (): void => { if (!response.destroyed) response.write(Buffer.alloc(bytes, 'x'), (error) => { if (error == null) { this.poured += bytes; setTimeout(next, everyMs); } }); };
    response.on('error', () => undefined);
    next();
  }
}

/** A webhook's body, as far as tests look at it. */
export interface WebhookBody {
  readonly version: string;
  readonly type: string;
  readonly status: 'firing' | 'resolved';
  readonly receiver: string;
  readonly groupKey: string;
  readonly truncatedAlerts: number;
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved';
    readonly fingerprint: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly startsAt: string;
    readonly endsAt: string;
    readonly millrace?: unknown;
  }[];
}

/** The message, once its signature has been verified by the library of the specification. Throws where it is wrong. */
export function verified(post: ReceivedPost, secret: string): WebhookBody {
  const headers = Object.fromEntries(Object.entries(post.headers).map(([name, value]) => [name, String(value)]));
  return new Webhook(secret).verify(post.body, headers) as WebhookBody;
}
