/** Called with each change: up, or down and why. */
export type StateListener = (up: boolean, reason: string) => void;

/** Whether a store answers, as its events tell. */
export class ConnectionState {
  #up = false;
  #reason = 'not connected yet';
  readonly #listeners = new Set<StateListener>();

  isUp(): boolean {
    return this.#up;
  }

  /** Why it is down; empty while it is up. */
  get reason(): string {
    return this.#reason;
  }

  set(up: boolean, reason = ''): void {
    this.#reason = up ? '' : reason;
    if (up === this.#up) return;
    this.#up = up;
    for (const listener of this.#listeners) listener(up, this.#reason);
  }

  /** Returns a function that ends the listening. */
  onChange(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
