/** Sleeps that end early when there is something to do. */
export class Nap {
  #isWoken = false;
  #end: (() => void) | null = null;

  /** Ends the sleep, or the next one before it begins. */
  wake(): void {
    this.#isWoken = true;
    this.#end?.();
  }

  /** Whether somebody woke it; whoever did until now was heard. */
  heard(): boolean {
    const isWoken = this.#isWoken;
    this.#isWoken = false;
    return isWoken;
  }

  sleep(ms: number): Promise<void> {
    if (this.#isWoken || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#end = null;
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#end = end;
    });
  }
}
