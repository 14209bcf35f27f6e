/** A list that is read again and again, and told only where it changed. */
export class PolledList<T> {
  #items: readonly T[] = [];
  #text = '[]';
  #changed = false;

  get items(): readonly T[] {
    return this.#items;
  }

  /** Returns whether it differs from the one before. */
  take(items: readonly T[]): boolean {
    const text = JSON.stringify(items);
    if (text === this.#text) return false;
    this.#items = items;
    this.#text = text;
    this.#changed = true;
    return true;
  }

  /** The list where it changed since the last call. */
  takeChange(): T[] | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    return [...this.#items];
  }
}
