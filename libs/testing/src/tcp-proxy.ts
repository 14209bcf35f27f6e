import net from 'node:net';
import { KafkaFrames } from './kafka-frames.js';

/** Kafka's number of a request, for {@link TcpProxy.eatResponse} and {@link TcpProxy.cutOnRequest}. */
export const KAFKA_API = { produce: 0, fetch: 1, metadata: 3, offsetCommit: 8, joinGroup: 11, heartbeat: 12, initProducerId: 22 } as const;

interface Link {
  readonly client: net.Socket;
  readonly server: net.Socket;
}

interface Meal {
  readonly apiKey: number;
  readonly nth: number;
  readonly thenCut: boolean;
  seen: number;
}

/** Stands between a client and a server and misbehaves on demand. Each fault counts itself, so that a test can prove that it bit. */
export class TcpProxy {
  readonly #server: net.Server;
  readonly #links = new Set<Link>();
  readonly #meals: Meal[] = [];
  readonly #cuts = new Set<number>();
  readonly #changes = new Map<number, (frame: Buffer) => boolean>();
  #swallowing = false;
  #delayMs = 0;
  #refusing = false;
  /** Responses eaten and altered, requests cut, connections reset, chunks swallowed. */
  readonly bites = { eaten: 0, altered: 0, cut: 0, reset: 0, swallowed: 0, refused: 0 };

  private constructor(
    private readonly target: { readonly host: string; readonly port: number },
    private readonly isKafka: boolean,
  ) {
    this.#server = net.createServer((client) => {
      this.#accept(client);
    });
  }

  /** Listens on a free port of this machine. @param target `host:port`; of a server that does not speak Kafka only what concerns all bytes goes wrong. */
  static async start(target: string, protocol: 'kafka' | 'any' = 'kafka'): Promise<TcpProxy> {
    const colon = target.lastIndexOf(':');
    const proxy = new TcpProxy({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)) }, protocol === 'kafka');
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get address(): { readonly host: string; readonly port: number } {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new TypeError('the proxy does not listen');
    return { host: '127.0.0.1', port: address.port };
  }

  /** Lets the n-th request of a kind through and keeps its response back; the connection stays, or is cut in place of the response. */
  eatResponse(apiKey: number, nth = 1, thenCut = false): void {
    this.#meals.push({ apiKey, nth, thenCut, seen: 0 });
  }

  /** Lets `change` alter each response of a kind in place, until {@link heal}; it says whether it did. */
  alterResponses(apiKey: number, change: (frame: Buffer) => boolean): void {
    this.#changes.set(apiKey, change);
  }

  /** Cuts the connection when such a request comes, until {@link heal}; the request does not get through. */
  cutOnRequest(apiKey: number): void {
    this.#cuts.add(apiKey);
  }

  /** Half-open: connections stay, bytes of both directions vanish. */
  swallow(): void {
    this.#swallowing = true;
  }

  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Connections are refused, those that exist are reset: the server is gone. */
  refuse(): void {
    this.#refusing = true;
    this.reset();
  }

  /** Resets every connection there is. */
  reset(): void {
    for (const link of this.#links) {
      this.bites.reset++;
      link.client.resetAndDestroy();
      link.server.resetAndDestroy();
    }
    this.#links.clear();
  }

  /** Ends every fault. Connections that lost bytes are useless from then on: they are cut. */
  heal(): void {
    const wasSwallowing = this.#swallowing;
    this.#swallowing = false;
    this.#refusing = false;
    this.#delayMs = 0;
    this.#cuts.clear();
    this.#changes.clear();
    this.#meals.length = 0;
    if (wasSwallowing) this.reset();
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: net.Socket): void {
    if (this.#refusing) {
      this.bites.refused++;
      client.resetAndDestroy();
      return;
    }
    const server = net.connect(this.target);
    const link = { client, server };
    this.#links.add(link);
    const end = (): void => {
      this.#links.delete(link);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', end).on('close', end);
    }
    if (!this.isKafka) {
      client.on('data', (bytes) => { this.#pass(() => server.write(bytes)); });
      server.on('data', (bytes) => { this.#pass(() => client.write(bytes)); });
      return;
    }
    const eaten = new Map<number, Meal>();
    /** API key of each request by its correlation. */
    const asked = new Map<number, number>();
    const requests = new KafkaFrames((frame) => {
      asked.set(frame.readInt32BE(8), frame.readInt16BE(4));
      this.#onRequest(frame, link, eaten);
    });
    const responses = new KafkaFrames((frame) => {
      this.#alter(frame, asked);
      this.#onResponse(frame, link, eaten);
    });
    client.on('data', (bytes) => { this.#pass(() => { requests.push(bytes); }); });
    server.on('data', (bytes) => { this.#pass(() => { responses.push(bytes); }); });
  }

  #pass(forward: () => unknown): void {
    if (this.#swallowing) this.bites.swallowed++;
    else if (this.#delayMs > 0) setTimeout(forward, this.#delayMs);
    else forward();
  }

  #alter(frame: Buffer, asked: Map<number, number>): void {
    const correlation = frame.readInt32BE(4);
    const change = this.#changes.get(asked.get(correlation) ?? -1);
    asked.delete(correlation);
    if (change?.(frame) === true) this.bites.altered++;
  }

  #onRequest(frame: Buffer, link: Link, eaten: Map<number, Meal>): void {
    const apiKey = frame.readInt16BE(4);
    if (this.#cuts.has(apiKey)) {
      this.bites.cut++;
      link.client.resetAndDestroy();
      return;
    }
    const meal = this.#meals.find((candidate) => candidate.apiKey === apiKey && ++candidate.seen === candidate.nth);
    if (meal !== undefined) eaten.set(frame.readInt32BE(8), meal);
    link.server.write(frame);
  }

  #onResponse(frame: Buffer, link: Link, eaten: Map<number, Meal>): void {
    const meal = eaten.get(frame.readInt32BE(4));
    if (meal === undefined) {
      link.client.write(frame);
      return;
    }
    eaten.delete(frame.readInt32BE(4));
    this.bites.eaten++;
    if (meal.thenCut) link.client.resetAndDestroy();
  }
}
