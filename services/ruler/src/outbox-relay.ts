import { alertEvent } from '@millrace/contracts';
import type { EventPublisher } from '@millrace/kafka';
import type { RulerSignals } from './ruler.signals.js';
import type { RulerStore } from './ruler-store.js';

const RETRY_FIRST_MS = 200;
const RETRY_LAST_MS = 10_000;
/** Looks without being woken, for what another process left behind. */
const IDLE_MS = 5_000;

/** Publishes what was decided: at least once, in order, with the same event id each time. */
export class OutboxRelay {
  #stopped = false;
  #wake: (() => void) | null = null;
  #pending = true;
  #running: Promise<void> | null = null;

  constructor(
    private readonly store: RulerStore,
    private readonly publisher: EventPublisher,
    private readonly signals: RulerSignals,
    private readonly onError: (error: unknown, attempt: number) => void,
  ) {}

  start(): void {
    this.#running ??= this.#run();
  }

  /** There is something to publish. */
  wake(): void {
    this.#pending = true;
    this.#wake?.();
  }

  /** Publishes what can be published now, then ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    let attempt = 0;
    for (;;) {
      this.#pending = false;
      try {
        await this.#drain();
        attempt = 0;
      } catch (error) {
        attempt += 1;
        this.onError(error, attempt);
      }
      if (this.#stopped) return;
      await this.#sleep(attempt > 0 ? Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** attempt) : IDLE_MS);
    }
  }

  async #drain(): Promise<void> {
    let count: number;
    do {
      count = await this.store.publishNext((events) => this.publisher.publishAll(alertEvent, events));
      if (count > 0) this.signals.published(count, await this.store.unpublished());
    } while (count > 0);
  }

  #sleep(ms: number): Promise<void> {
    if (this.#pending) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
