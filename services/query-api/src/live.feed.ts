import { metricCatalogue } from '@millrace/contracts';
import { untilAvailable, StoreUnavailableError, type MetricCache, type MetricReading, type PostgresProductNames } from '@millrace/stores';
import type { Logger } from 'pino';
import type { AlertStore } from './alert-store.js';
import { EventLog, frame } from './event-log.js';
import { freshnessOf } from './freshness.read-model.js';
import { LiveBoard } from './live-board.js';
import type { MetricReadModel } from './metric.read-model.js';
import { PolledList } from './polled-list.js';
import type { StreamHub } from './stream.hub.js';
import { alertDto, type AlertDto, type ProductDto, type SnapshotDto, type UpdateDto } from './wire.dto.js';
import { iso, toWindowDto } from './wire.mapper.js';

const HEARTBEAT_MS = 15_000;
/** How often the database is asked for alerts and names. */
const POLL_MS = 2_000;
const SHOWN_ALERTS = 50;
/** How soon a browser comes back after the stream broke. */
const RETRY_FRAME = Buffer.from('retry: 2000\n\n');
const SELECTIONS = metricCatalogue.flatMap(({ name, windows }) => windows.map((window) => ({ metric: name, window })));

interface Parts {
  readonly lane: string;
  readonly shopTimeZone: string;
  readonly intervalMs: number;
  readonly cache: MetricCache;
  readonly metrics: MetricReadModel;
  readonly alerts: AlertStore;
  readonly productNames: Pick<PostgresProductNames, 'find'>;
  readonly hub: StreamHub;
  readonly logger: Logger;
}

/** Hears of new windows and alerts and tells the readers of the stream. */
export class LiveFeed {
  readonly #board = new LiveBoard();
  readonly #log = new EventLog(Date.now().toString(36), { events: 500, bytes: 4_194_304 });
  readonly #stop = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #alerts = new PolledList<AlertDto>();
  readonly #products = new PolledList<ProductDto>();
  /** Products whose names were asked for last. */
  #named: ReadonlySet<string> = new Set();
  #unsubscribe: () => Promise<void> = () => Promise.resolve();
  #flush: NodeJS.Timeout | null = null;
  #loaded = false;

  constructor(private readonly parts: Parts) {}

  /** Subscribes and loads, waiting for the stores as long as it takes; then follows. */
  async start(): Promise<void> {
    const { hub, cache, lane, logger } = this.parts;
    this.#timers.push(
      setInterval(() => { hub.broadcast(Buffer.concat([Buffer.from(': heartbeat\n\n'), frame('tick', { now: iso(Date.now()) })])); }, HEARTBEAT_MS),
      setInterval(() => { this.#background(this.#poll()); }, POLL_MS),
    );
    this.#background(this.#poll());
    let told = '';
    const onWait = ({ message }: StoreUnavailableError): void => {
      if (message !== told) logger.warn({ reason: message }, 'waiting for a store');
      told = message;
    };
    const wait = { signal: this.#stop.signal, onWait };
    this.#unsubscribe = await untilAvailable(
      () => cache.subscribe(lane, (readings) => { this.#take(readings); }, () => { this.#background(this.#reload()); }),
      wait,
    );
    await untilAvailable(() => this.#reload(), wait);
    this.#loaded = true;
  }

  /** Why the stream is not complete yet; null when it is. */
  notReady(): string | null {
    return this.#loaded ? null : 'the newest numbers are not loaded yet';
  }

  newest(): readonly MetricReading[] {
    return this.#board.newest();
  }

  /** What a reader begins with: what it missed since `lastEventId` where that is known, else everything. */
  beginning(lastEventId: string | undefined): readonly Buffer[] {
    const missed = lastEventId === undefined ? null : this.#log.since(lastEventId);
    if (missed !== null) return [RETRY_FRAME, ...missed.map((event) => event.bytes)];
    return [RETRY_FRAME, frame('snapshot', this.#snapshot(), this.#log.lastId)];
  }

  async close(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#flush !== null) clearTimeout(this.#flush);
    await this.#unsubscribe();
  }

  #snapshot(): SnapshotDto {
    const { lane, shopTimeZone } = this.parts;
    const now = Date.now();
    const newest = this.#board.newest();
    return {
      lane, shopTimeZone, now: iso(now), windows: newest.map(toWindowDto), alerts: [...this.#alerts.items], products: [...this.#products.items],
      freshness: freshnessOf(newest, now),
    };
  }

  #take(readings: readonly MetricReading[]): void {
    if (!this.#board.take(readings, Date.now())) return;
    this.#schedule();
    // At once, so that a product that begins to rank comes with its name; names that change wait for the next poll.
    const rank = readings.some(({ items }) => items.length > 0);
    if (rank && this.#board.ranked().some((id) => !this.#named.has(id))) this.#background(this.#refreshProducts());
  }

  async #reload(): Promise<void> {
    this.#take(await this.parts.metrics.current(SELECTIONS, Date.now()));
  }

  async #poll(): Promise<void> {
    await this.#refreshAlerts();
    await this.#refreshProducts();
  }

  async #refreshAlerts(): Promise<void> {
    // Parsing takes the evidence away: it is long, and the page does not show it.
    const alerts = (await this.parts.alerts.alerts(SHOWN_ALERTS)).map((alert) => alertDto.parse(alert));
    if (this.#alerts.take(alerts)) this.#schedule();
  }

  async #refreshProducts(): Promise<void> {
    const alarming = this.#alerts.items.flatMap(({ labels }) => labels['product'] ?? []);
    const ids = [...new Set([...this.#board.ranked(), ...alarming])].sort();
    this.#named = new Set(ids);
    const names = await this.parts.productNames.find(this.parts.lane, ids);
    const products = ids.flatMap((id) => {
      const name = names.get(id);
      return name === undefined ? [] : [{ id, name }];
    });
    if (this.#products.take(products)) this.#schedule();
  }

  #schedule(): void {
    this.#flush ??= setTimeout(() => {
      this.#flush = null;
      this.#publish();
    }, this.parts.intervalMs);
  }

  #publish(): void {
    const now = Date.now();
    const alerts = this.#alerts.takeChange();
    const products = this.#products.takeChange();
    const update: UpdateDto = {
      now: iso(now),
      windows: this.#board.takeChanges().map(toWindowDto),
      freshness: freshnessOf(this.#board.newest(), now),
      ...(alerts === undefined ? {} : { alerts }),
      ...(products === undefined ? {} : { products }),
    };
    this.parts.hub.broadcast(this.#log.append('update', update).bytes);
  }

  /** Work that nobody waits for: a store that is away is tried again by the next tick or gap. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (this.#stop.signal.aborted) return;
      const level = error instanceof StoreUnavailableError ? 'debug' : 'error';
      this.parts.logger[level]({ err: error }, 'refresh failed');
    });
  }
}
