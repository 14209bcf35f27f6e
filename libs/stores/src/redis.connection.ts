import { Redis } from 'ioredis';
import { ConnectionState, type StateListener } from './connection-state.js';
import { StoreUnavailableError } from './errors.js';
import { classifyRedis } from './redis.errors.js';

export interface RedisOptions {
  /** A command without an answer for so long has failed, ms. @default 5000 */
  readonly commandTimeoutMs?: number;
}

export interface RedisConnection {
  /** Runs commands. Throws `StoreUnavailableError` at once while there is no connection, or `StoreRejectedError`. */
  run<T>(work: (client: Redis) => Promise<T>): Promise<T>;
  /** From the connection's events; costs nothing. */
  isUp(): boolean;
  /** Why it is down; empty while it is up. */
  downReason(): string;
  onStateChange(listener: StateListener): () => void;
  /** Resolves once connected. Throws `StoreUnavailableError` after `timeoutMs`. @param timeoutMs default 5000 */
  ready(timeoutMs?: number): Promise<void>;
  /**
   * Hears a channel on a connection of its own, across reconnections; resolves once subscribed. What is published while there is no
   * connection is missed: `onGap` is called after each such time. Returns a function that ends it.
   */
  subscribe(channel: string, onMessage: (message: string) => void, onGap?: () => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const RECONNECT_FIRST_MS = 50;
const RECONNECT_LAST_MS = 2_000;
/** A subscriber sends nothing by itself: without pings a half-open socket would never be found. */
const PING_EVERY_MS = 10_000;

/** Opens a connection; connects in the background and reconnects for ever. `name` is seen in `CLIENT LIST`. */
export function createRedis(url: string, name: string, options: RedisOptions = {}): RedisConnection {
  return new Connection(url, name, options.commandTimeoutMs ?? 5_000);
}

class Connection implements RedisConnection {
  readonly #client: Redis;
  readonly #state = new ConnectionState();
  readonly #subscribers = new Set<() => Promise<void>>();
  #closing: Promise<void> | null = null;

  constructor(url: string, name: string, commandTimeout: number) {
    this.#client = new Redis(url, {
      connectionName: name,
      commandTimeout,
      connectTimeout: 5_000,
      // Longer than a command may take: a socket that stays silent is dropped and dialled again.
      socketTimeout: commandTimeout * 2,
      // A command fails at once rather than wait in memory for a server that may never come back: callers retry.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: reconnectDelay,
    });
    // Without a listener ioredis prints stack traces.
    this.#client.on('error', (error: Error) => { this.#state.set(false, error.message); });
    this.#client.on('ready', () => { this.#state.set(true); });
    this.#client.on('close', () => { this.#state.set(false, this.#state.reason === '' ? 'connection closed' : this.#state.reason); });
  }

  isUp(): boolean {
    return this.#state.isUp();
  }

  downReason(): string {
    return this.#state.reason;
  }

  onStateChange(listener: StateListener): () => void {
    return this.#state.onChange(listener);
  }

  async run<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await work(this.#client);
    } catch (error) {
      throw classifyRedis(error);
    }
  }

  async ready(timeoutMs = 5_000): Promise<void> {
    if (this.isUp()) return;
    await new Promise<void>((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        stop();
        settle();
      };
      const stop = this.onStateChange((up) => { if (up) end(resolve); });
      const timer = setTimeout(() => { end(() => { reject(new StoreUnavailableError('redis', 'connection', this.downReason())); }); }, timeoutMs);
    });
  }

  async subscribe(channel: string, onMessage: (message: string) => void, onGap: () => void = () => undefined): Promise<() => Promise<void>> {
    const subscriber = this.#client.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null, autoResubscribe: true });
    let lost = false;
    // Heard so that ioredis does not print it; it connects again by itself, and `onGap` tells.
    subscriber.on('error', () => undefined);
    subscriber.on('close', () => { lost = true; });
    subscriber.on('ready', () => {
      if (lost) onGap();
      lost = false;
    });
    subscriber.on('message', (_channel: string, message: string) => { onMessage(message); });
    const ping = setInterval(() => {
      if (subscriber.status === 'ready') subscriber.ping().catch(() => { subscriber.disconnect(true); });
    }, PING_EVERY_MS);
    ping.unref();
    const end = async (): Promise<void> => {
      clearInterval(ping);
      this.#subscribers.delete(end);
      await disconnect(subscriber);
    };
    this.#subscribers.add(end);
    try {
      await subscriber.subscribe(channel);
    } catch (error) {
      await end();
      throw classifyRedis(error);
    }
    return end;
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await Promise.all([...this.#subscribers].map((end) => end()));
    await disconnect(this.#client);
    this.#state.set(false, 'closed');
  }
}

/** Exponential, with jitter so that services do not come back all at once, ms. */
function reconnectDelay(attempt: number): number {
  const base = Math.min(RECONNECT_LAST_MS, RECONNECT_FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(base * (0.75 + Math.random() / 4));
}

/** Lets answers on their way arrive where there is a connection; cuts it where there is none. */
async function disconnect(client: Redis): Promise<void> {
  if (client.status === 'ready') await client.quit().catch(() => { client.disconnect(); });
  else if (client.status !== 'end') client.disconnect();
}
