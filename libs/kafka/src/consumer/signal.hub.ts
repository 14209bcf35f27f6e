import type { ConsumerSignal } from '../port.js';

/** Tells every listener what the consumer has to say about itself. */
export class SignalHub {
  readonly #listeners = new Set<(signal: ConsumerSignal) => void>();

  on(listener: (signal: ConsumerSignal) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  emit(signal: ConsumerSignal): void {
    for (const listener of this.#listeners) {
      // A listener only watches: its failure must neither stop a partition nor look like the handler's.
      queueMicrotask(() => {
        listener(signal);
      });
    }
  }
}
