import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** How to ask a component whether it can be used now. */
export type Probe =
  | { readonly type: 'http'; readonly url: string }
  | { readonly type: 'kafka'; readonly brokers: readonly string[] }
  | { readonly type: 'redis'; readonly url: string }
  | { readonly type: 'postgres'; readonly url: string };

/** The component does not answer as one that is ready does. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
}

const TIMEOUT_MS = 2_000;

/** Resolves when the component is ready; rejects with {@link ProbeError} after 2 s at most. No client library: a probe costs one packet. */
export async function runProbe(probe: Probe): Promise<void> {
  switch (probe.type) {
    case 'http':
      return probeHttp(probe.url);
    case 'kafka':
      return probeKafka(probe.brokers);
    case 'redis':
      return probeRedis(new URL(probe.url));
    case 'postgres':
      return probePostgres(new URL(probe.url));
  }
}

async function probeHttp(url: string): Promise<void> {
  let status: number;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.arrayBuffer();
    status = response.status;
  } catch (error) {
    throw new ProbeError(`no answer from ${url}`, { cause: error });
  }
  if (status !== 200) throw new ProbeError(`${url} answers ${String(status)}`);
}

/** ApiVersions is the first request a client sends; a broker answers it only once it takes requests at all. */
async function probeKafka(brokers: readonly string[]): Promise<void> {
  const CORRELATION = 0x6d72;
  const request = Buffer.alloc(14);
  request.writeInt32BE(10, 0);
  request.writeInt16BE(18, 4);
  request.writeInt32BE(CORRELATION, 8);
  request.writeInt16BE(-1, 12);
  const asks = brokers.map(async (broker) => {
    const { host, port } = hostAndPort(broker);
    const answer = await exchange(connect({ host, port }), request, 8, broker);
    if (answer.readInt32BE(4) !== CORRELATION) throw new ProbeError(`${broker} does not speak Kafka's protocol`);
  });
  try {
    await Promise.any(asks);
  } catch (error) {
    const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    const [first] = errors;
    throw first instanceof ProbeError ? first : new ProbeError(`no broker of ${brokers.join(',')} answers`, { cause: error });
  }
}

async function probeRedis(url: URL): Promise<void> {
  const target = { host: unbracket(url.hostname), port: Number(url.port || 6379) };
  const socket = url.protocol === 'rediss:' ? connectTls({ ...target, servername: target.host }) : connect(target);
  const password = decodeURIComponent(url.password);
  const user = decodeURIComponent(url.username);
  const login = password === '' ? '' : redisCommand(['AUTH', ...(user === '' ? [] : [user]), password]);
  const wanted = password === '' ? '+PONG\r\n' : '+OK\r\n+PONG\r\n';
  const answer = await exchange(socket, Buffer.from(login + redisCommand(['PING'])), wanted.length, url.host);
  const text = answer.toString('latin1');
  if (text !== wanted) throw new ProbeError(`Redis at ${url.host} answers ${text.split('\r\n')[0] ?? ''}`);
}

/** What pg_isready does: a start-up packet; 'R' asks for the password, so sessions are taken; 'E' says why not. */
async function probePostgres(url: URL): Promise<void> {
  const socket = connect({ host: unbracket(url.hostname), port: Number(url.port || 5432) });
  const user = decodeURIComponent(url.username) || 'postgres';
  const database = decodeURIComponent(url.pathname.slice(1)) || user;
  const body = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(3 << 16, 4);
  const answer = await exchange(socket, Buffer.concat([head, body]), 1, url.host);
  if (answer[0] !== 'R'.charCodeAt(0)) throw new ProbeError(`PostgreSQL at ${url.host} takes no sessions yet`);
}

/** Sends the bytes and resolves with at least so many of the answer. */
async function exchange(socket: Socket, request: Buffer, length: number, name: string): Promise<Buffer> {
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      const chunks: Buffer[] = [];
      let received = 0;
      socket.setTimeout(TIMEOUT_MS, () => { reject(new ProbeError(`${name} does not answer`)); });
      socket.on('error', (error) => { reject(new ProbeError(`${name}: ${error.message}`, { cause: error })); });
      socket.on('close', () => { reject(new ProbeError(`${name} closed the connection`)); });
      socket.on('data', (chunk) => {
        chunks.push(chunk);
        received += chunk.length;
        if (received >= length) resolve(Buffer.concat(chunks));
      });
      socket.write(request);
    });
  } finally {
    socket.destroy();
  }
}

function redisCommand(parts: readonly string[]): string {
  return `*${String(parts.length)}\r\n${parts.map((part) => `$${String(Buffer.byteLength(part))}\r\n${part}\r\n`).join('')}`;
}

/** Splits `host:port`, IPv6 in brackets too; 9092 where no port is named. */
export function hostAndPort(broker: string): { readonly host: string; readonly port: number } {
  const url = new URL(`tcp://${broker.trim()}`);
  return { host: unbracket(url.hostname), port: Number(url.port || 9092) };
}

function unbracket(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
