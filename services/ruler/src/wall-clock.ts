import { Repeating } from './repeating.js';

const LOOK_MS = 5_000;

interface WallClockParts {
  /** Records not yet handled, per partition. */
  readonly lag: () => Promise<readonly { readonly lag: number }[]>;
  readonly look: (now: number) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Calls `look` again and again with the time, but only while everything is read: a backlog is not silence. */
export class WallClock {
  readonly #looks: Repeating;

  constructor(private readonly parts: WallClockParts) {
    this.#looks = new Repeating(LOOK_MS, () => this.#tick());
  }

  start(): void {
    this.#looks.start();
  }

  /** No look begins after this; resolves when the last has ended. */
  stop(): Promise<void> {
    return this.#looks.stop();
  }

  async #tick(): Promise<void> {
    const { lag, look, onError } = this.parts;
    try {
      const partitions = await lag();
      if (partitions.length > 0 && partitions.every((partition) => partition.lag === 0)) await look(Date.now());
    } catch (error) {
      onError(error);
    }
  }
}
