/** Calls `work` again and again, one at a time: a call that takes longer than `everyMs` has the next ones skipped. `work` must not reject. */
export class Repeating {
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;

  constructor(
    private readonly everyMs: number,
    private readonly work: () => Promise<void>,
  ) {}

  start(): void {
    this.#timer ??= setInterval(() => {
      this.#running ??= this.work().finally(() => { this.#running = null; });
    }, this.everyMs);
  }

  /** No call begins after this; resolves when the last has ended. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#running;
  }
}
