import http from 'node:http';
import type net from 'node:net';

/** A registry in front of the real one that counts, and fails on demand. */
export class RegistryProxy {
  /** What was asked, such as `GET /schemas/ids/1`. */
  readonly requests: string[] = [];
  /** `pass`: the real answer; `reset`: the connection dies; else this status, with a body that is no registry's. */
  answer: 'pass' | 'reset' | number = 'pass';
  readonly #server: http.Server;

  private constructor(private readonly target: string) {
    this.#server = http.createServer((request, response) => {
      this.requests.push(`${String(request.method)} ${String(request.url)}`);
      if (this.answer === 'reset') request.socket.resetAndDestroy();
      else if (this.answer === 'pass') void this.#pass(request, response);
      else response.writeHead(this.answer).end('<html>no registry here</html>');
    });
  }

  static async start(target: string): Promise<RegistryProxy> {
    const proxy = new RegistryProxy(target);
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get url(): string {
    const { port } = this.#server.address() as net.AddressInfo;
    return `http://127.0.0.1:${String(port)}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #pass(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const init = { method: request.method ?? 'GET', headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' } };
    const answer = await fetch(`${this.target}${String(request.url)}`, chunks.length === 0 ? init : { ...init, body: Buffer.concat(chunks) });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  }
}
