import type { Channel, AttemptResult } from './channel.js';
import { CircuitBreaker } from './circuit-breaker.js';
import type { ClaimedDelivery, DeliveryQueue, FinishedAttempt } from './delivery-queue.js';
import type { NotifierSignals } from '../notifier.signals.js';
import type { Receiver } from './receiver.js';
import { Nap } from '../nap.js';
import { TokenBucket } from './token-bucket.js';
import { nextAttempt, spanMs } from './retry.js';

export interface WorkerOptions {
  /** Names this process in leases. */
  readonly owner: string;
  /** How long a delivery belongs to the process that took it, ms; longer than an attempt. */
  readonly leaseMs: number;
  /** How long attempts in hand may go on when the process stops, ms. */
  readonly drainMs: number;
  /** How long a receiver that is held dead is left alone, ms. */
  readonly breakerMs: number;
  readonly onError: (error: unknown, receiver: string) => void;
  readonly onDisabled: (receiver: string, reason: string) => void;
}

/** Looks without being woken, for what another process queued or left behind. */
const IDLE_MS = 1_000;
const TROUBLE_MS = 1_000;

/** Delivers what is queued for one integration; they share nothing, so that a slow one slows nobody. */
export class DeliveryWorker {
  readonly #inHand = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #stopped = false;
  readonly #nap = new Nap();
  #notBefore = 0;
  readonly #bucket: TokenBucket | null;
  #running: Promise<void> | null = null;
  readonly #breaker: CircuitBreaker;

  constructor(
    readonly receiver: Receiver,
    private readonly channel: Channel,
    private readonly queue: DeliveryQueue,
    private readonly signals: NotifierSignals,
    private readonly options: WorkerOptions,
  ) {
    this.#breaker = new CircuitBreaker(options.breakerMs);
    this.#bucket = receiver.rate === null ? null : new TokenBucket(receiver.rate);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** There may be something to deliver. */
  wake(): void {
    this.#nap.wake();
  }

  /** Takes nothing more, lets attempts in hand end, cuts them when they take too long. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    const limit = setTimeout(() => { this.#stopping.abort(); }, this.options.drainMs);
    await this.#running;
    await Promise.all(this.#inHand);
    clearTimeout(limit);
    await this.channel.close();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#nap.heard();
      try {
        await this.#nap.sleep(await this.#deliverDue());
      } catch (error) {
        this.options.onError(error, this.receiver.id);
        await this.#nap.sleep(TROUBLE_MS);
      }
    }
  }

  /** Begins what can begin now. Returns how long nothing more can, ms. */
  async #deliverDue(): Promise<number> {
    const now = Date.now();
    const pause = Math.max(this.#notBefore - now, this.#breaker.openFor(now), this.#bucket?.waitMs(now) ?? 0);
    if (pause > 0) return Math.min(pause, IDLE_MS);
    if (this.#breaker.state(now) === 'probe') return this.#probe();
    const free = Math.min(this.#bucket?.available(now) ?? Infinity, this.receiver.concurrency - this.#inHand.size);
    if (free <= 0) return IDLE_MS;
    const claimed = await this.queue.claim(this.receiver.id, this.options.owner, free, this.options.leaseMs, false);
    this.#bucket?.take(claimed.length);
    for (const delivery of claimed) this.#begin(delivery);
    if (claimed.length > 0) return 0;
    const due = await this.queue.nextDueMs(this.receiver.id);
    return due === null ? IDLE_MS : Math.min(IDLE_MS, Math.max(1, due));
  }

  /** Asks a receiver that is held dead with its oldest delivery. */
  async #probe(): Promise<number> {
    if (this.#inHand.size > 0) return IDLE_MS;
    const [delivery] = await this.queue.claim(this.receiver.id, this.options.owner, 1, this.options.leaseMs, true);
    if (delivery === undefined) return IDLE_MS;
    this.#begin(delivery, true);
    return IDLE_MS;
  }

  #begin(delivery: ClaimedDelivery, isProbe = false): void {
    const attempt = this.#attempt(delivery, isProbe)
      .catch((error: unknown) => { this.options.onError(error, this.receiver.id); })
      .finally(() => {
        this.#inHand.delete(attempt);
        this.wake();
      });
    this.#inHand.add(attempt);
  }

  async #attempt(delivery: ClaimedDelivery, isProbe: boolean): Promise<void> {
    const startedAt = Date.now();
    const result = await this.channel.send(delivery.notice, this.#stopping.signal);
    const endedAt = Date.now();
    if (result.retryAfterMs !== null) this.#notBefore = Math.max(this.#notBefore, endedAt + result.retryAfterMs);
    this.signals.attempted(this.receiver.id, result.outcome, (endedAt - startedAt) / 1_000);
    const isBack = this.#judge(result, endedAt);
    const next = result.outcome === 'retry' ? this.#next(delivery, isProbe, endedAt, result) : null;
    await this.#record({ delivery, integration: this.receiver.id, owner: this.options.owner, startedAt, durationMs: endedAt - startedAt, result, next });
    if (isBack) await this.queue.hasten(this.receiver.id);
    if (result.outcome === 'delivered') this.signals.delivered(this.receiver.id, (endedAt - delivery.notice.at) / 1_000);
    if (result.outcome === 'disabled') this.options.onDisabled(this.receiver.id, result.error ?? '');
  }

  /** Returns whether a receiver that was held dead is back. One that says when to come back is not dead. */
  #judge(result: AttemptResult, now: number): boolean {
    if (this.#stopping.signal.aborted) return false;
    const isBack = this.#breaker.record(result.outcome !== 'retry' || result.retryAfterMs !== null, now);
    this.signals.breaker(this.receiver.id, this.#breaker.state(now) !== 'closed');
    return isBack;
  }

  /** The result of an attempt must not be lost while the lease lasts: without it, the message goes out again. */
  async #record(attempt: FinishedAttempt): Promise<void> {
    for (;;) {
      try {
        await this.queue.finish(attempt);
        return;
      } catch (error) {
        if (this.#stopped || Date.now() > attempt.startedAt + this.options.leaseMs) throw error;
        this.options.onError(error, this.receiver.id);
        await new Promise((resolve) => setTimeout(resolve, TROUBLE_MS));
      }
    }
  }

  #next(delivery: ClaimedDelivery, isProbe: boolean, now: number, result: AttemptResult): FinishedAttempt['next'] {
    // Cut by our own stop: the receiver did nothing wrong, and the next process tries at once.
    if (this.#stopping.signal.aborted && result.statusCode === null) return { at: now, step: delivery.step };
    const { schedule } = this.receiver;
    // A probe is no attempt of the schedule's: only its whole span ends the delivery.
    if (isProbe && result.retryAfterMs === null) return now > delivery.queuedAt + spanMs(schedule) ? null : { at: now, step: delivery.step };
    return nextAttempt({ schedule, step: delivery.step + 1, queuedAt: delivery.queuedAt, now, retryAfterMs: result.retryAfterMs, random: Math.random() });
  }
}
