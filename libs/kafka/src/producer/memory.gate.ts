/** Counts bytes that wait to be sent. Once the limit is passed callers wait until half of it is free again. */
export class MemoryGate {
  #used = 0;
  #waiting: (() => void)[] = [];

  constructor(private readonly limit: number) {}

  get isOpen(): boolean {
    return this.#used < this.limit && this.#waiting.length === 0;
  }

  /** Resolves once there is room; take it with {@link add}. */
  async room(): Promise<void> {
    if (this.isOpen) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  add(bytes: number): void {
    this.#used += bytes;
  }

  release(bytes: number): void {
    this.#used -= bytes;
    if (this.#used > this.limit / 2) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
