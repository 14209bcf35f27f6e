import type { Logger } from 'pino';
import type { NotifierSignals } from '../notifier.signals.js';
import type { DeliveryQueue } from './delivery-queue.js';
import { DeliveryWorker, type WorkerOptions } from './delivery-worker.js';
import type { DirectoryEntry } from './receiver-directory.js';

export type PoolOptions = Pick<WorkerOptions, 'owner' | 'leaseMs' | 'breakerMs'>;

/** Attempts in hand may go on this long when their worker stops. */
const DRAIN_MS = 5_000;

/** A worker for each integration. */
export class DeliveryPool {
  #workers: ReadonlyMap<DirectoryEntry, DeliveryWorker> = new Map();
  #ending: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly queue: DeliveryQueue,
    private readonly signals: NotifierSignals,
    private readonly logger: Logger,
    private readonly options: PoolOptions,
  ) {}

  /** Delivers to these from now on, and to no others; what is on its way to those before may end, and holds nobody up. */
  deliverTo(entries: readonly DirectoryEntry[]): void {
    const before = this.#workers;
    this.#workers = new Map(entries.map((entry) => [entry, before.get(entry) ?? this.#worker(entry)]));
    const gone = [...before].filter(([entry]) => !this.#workers.has(entry)).map(([, worker]) => worker.stop());
    this.#ending = Promise.all([this.#ending, ...gone]);
    for (const worker of this.#workers.values()) worker.start();
  }

  /** There may be something to deliver. */
  wake(): void {
    for (const worker of this.#workers.values()) worker.wake();
  }

  async stop(): Promise<void> {
    this.deliverTo([]);
    await this.#ending;
  }

  #worker({ receiver, channel }: DirectoryEntry): DeliveryWorker {
    return new DeliveryWorker(receiver, channel, this.queue, this.signals, {
      ...this.options,
      drainMs: DRAIN_MS,
      onError: (error, name) => { this.logger.warn({ err: error, receiver: name }, 'the delivery queue cannot be used now'); },
      onDisabled: (name, reason) => { this.logger.error({ receiver: name, reason }, 'the receiver told us to stop and is switched off'); },
    });
  }
}
