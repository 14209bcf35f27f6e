import { inLane } from '@millrace/contracts';
import type { Metrics } from '@millrace/service-kit';
import type { Logger } from 'pino';
import type { Delivery } from './faults/fault-stream.js';
import type { Rates } from './world/settings.js';
import type { RunListener, RunState } from './run/simulator-run.js';
import { STREAMS } from './world/world-event.js';

const PROGRESS_EVERY_MS = 5_000;
const LAG_WORTH_A_WARNING_MS = 2_000;

/** Tells Prometheus and the log how a run goes. */
export class RunReporter implements RunListener {
  readonly #sent;
  readonly #skipped;
  readonly #lag;
  readonly #rate;
  readonly #eventTime;
  #state: RunState | null = null;
  #from = NaN;
  #count = 0;
  #countBefore = 0;
  #reportedAt = performance.now();
  readonly #beganAt = performance.now();
  #lagging = false;
  #movedAt = performance.now();

  constructor(
    metrics: Metrics,
    private readonly logger: Logger,
    private readonly lane: string,
  ) {
    this.#sent = metrics.counter('records_total', 'Records that Kafka confirmed, by topic and fault (none: sent as it should be).', ['topic', 'fault']);
    this.#skipped = metrics.counter('skipped_seconds_total', 'Event time given up after pauses.');
    this.#lag = metrics.gauge('lag_seconds', 'How far sending is behind the configured rate.');
    this.#rate = metrics.gauge('configured_rate', 'Configured events per second, by stream.', ['stream']);
    this.#eventTime = metrics.gauge('event_time_seconds', 'Event time that has been reached, seconds since 1970.');
  }

  /** Wall time since the run last moved, ms; 0 when it is not meant to move. */
  get stillForMs(): number {
    return this.#state === 'backfill' || this.#state === 'live' ? performance.now() - this.#movedAt : 0;
  }

  rates(rates: Rates): void {
    this.#rate.set({ stream: 'clickstream' }, rates.clickstream);
    this.#rate.set({ stream: 'orders' }, rates.orders);
  }

  state(state: RunState): void {
    this.#state = state;
    const seconds = (performance.now() - this.#beganAt) / 1000;
    if (state === 'done') this.logger.info({ records: this.#count, seconds, perSecond: Math.round(this.#count / seconds) }, 'run ended');
    else this.logger.info({ state }, 'state changed');
  }

  sent(batch: readonly Delivery[]): void {
    this.#count += batch.length;
    const counts = new Map<string, { readonly delivery: Delivery; count: number }>();
    for (const delivery of batch) {
      const name = `${delivery.stream} ${String(delivery.fault)}`;
      const entry = counts.get(name);
      if (entry === undefined) counts.set(name, { delivery, count: 1 });
      else entry.count += 1;
    }
    for (const { delivery, count } of counts.values()) {
      this.#sent.add({ topic: inLane(this.lane, STREAMS[delivery.stream].topic), fault: delivery.fault ?? 'none' }, count);
    }
  }

  skipped(ms: number): void {
    this.#skipped.add({}, ms / 1000);
    this.logger.warn({ skippedSeconds: ms / 1000 }, 'too far behind: gave up the time that was missed');
  }

  turn({ eventTime, lagMs, end }: { readonly eventTime: number; readonly lagMs: number; readonly end: number }): void {
    if (Number.isNaN(this.#from)) this.#from = eventTime;
    this.#movedAt = performance.now();
    this.#lag.set({}, lagMs / 1000);
    this.#eventTime.set({}, eventTime / 1000);
    const lagging = lagMs > LAG_WORTH_A_WARNING_MS;
    if (lagging && !this.#lagging) this.logger.warn({ lagSeconds: lagMs / 1000 }, 'cannot hold the configured rate');
    if (!lagging && this.#lagging) this.logger.info('holds the configured rate again');
    this.#lagging = lagging;
    this.#progress(eventTime, end);
  }

  #progress(eventTime: number, end: number): void {
    const now = performance.now();
    const elapsed = now - this.#reportedAt;
    if (this.#state !== 'backfill' || elapsed < PROGRESS_EVERY_MS) return;
    const done = (eventTime - this.#from) / (end - this.#from);
    const leftSeconds = done > 0 ? ((now - this.#beganAt) / 1000) * (1 / done - 1) : NaN;
    const perSecond = Math.round(((this.#count - this.#countBefore) / elapsed) * 1000);
    this.logger.info({ eventTime: new Date(eventTime).toISOString(), percent: Math.round(1000 * done) / 10, perSecond, leftSeconds: Math.round(leftSeconds) }, 'backfill');
    this.#reportedAt = now;
    this.#countBefore = this.#count;
  }
}
