import type { Logger } from 'pino';
import type { NotifierSignals } from '../notifier.signals.js';
import type { DeliveryQueue } from './delivery-queue.js';
import { DeliveryWorker } from './delivery-worker.js';
import type { DirectoryEntry } from './receiver-directory.js';

export interface PoolOptions {
  /** Names this process in leases. */
  readonly owner: string;
  readonly leaseMs: number;
  readonly breakerMs: number;
}

/** Attempts in hand may go on this long when their worker stops. */
const DRAIN_MS = 5_000;

/** A worker for each integration. */
export class DeliveryPool {
  #workers: readonly DeliveryWorker[] = [];

  constructor(
    private readonly queue: DeliveryQueue,
    private readonly signals: NotifierSignals,
    private readonly logger: Logger,
    private readonly options: PoolOptions,
  ) {}

  /** Delivers to these from now on, and to no others; what is on its way to those before may end. */
  async deliverTo(entries: readonly DirectoryEntry[]): Promise<void> {
    await this.stop();
    this.#workers = entries.map(({ receiver, channel }) => new DeliveryWorker(receiver, channel, this.queue, this.signals, {
      ...this.options,
      drainMs: DRAIN_MS,
      onError: (error, name) => { this.logger.warn({ err: error, receiver: name }, 'the delivery queue cannot be used now'); },
      onDisabled: (name, reason) => { this.logger.error({ receiver: name, reason }, 'the receiver told us to stop and is switched off'); },
    }));
    for (const worker of this.#workers) worker.start();
  }

  /** There may be something to deliver. */
  wake(): void {
    for (const worker of this.#workers) worker.wake();
  }

  async stop(): Promise<void> {
    const stopping = this.#workers;
    this.#workers = [];
    await Promise.all(stopping.map((worker) => worker.stop()));
  }
}
