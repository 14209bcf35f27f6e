const LOOK_MS = 5_000;

interface WallClockParts {
  /** Records not yet handled, per partition. */
  readonly lag: () => Promise<readonly { readonly lag: number }[]>;
  readonly look: (now: number) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Calls `look` again and again with the time, but only while everything is read: a backlog is not silence. */
export class WallClock {
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;

  constructor(private readonly parts: WallClockParts) {}

  start(): void {
    this.#timer ??= setInterval(() => {
      this.#running ??= this.#tick().finally(() => { this.#running = null; });
    }, LOOK_MS);
  }

  /** No look begins after this; resolves when the last has ended. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#running;
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
