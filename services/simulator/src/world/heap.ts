/** A queue that gives the item with the lowest key first; equal keys in no promised, but always the same, order. */
export class Heap<T> {
  readonly #keys: number[] = [];
  readonly #items: T[] = [];

  get size(): number {
    return this.#keys.length;
  }

  /** Lowest key, `Infinity` when empty. */
  get lowestKey(): number {
    return this.#keys[0] ?? Infinity;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(key: number, item: T): void {
    let hole = this.#keys.length;
    this.#keys.push(key);
    this.#items.push(item);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const parentKey = this.#keys[parent] ?? -Infinity;
      if (parentKey <= key) break;
      this.#move(parent, hole, parentKey);
      hole = parent;
    }
    this.#keys[hole] = key;
    this.#items[hole] = item;
  }

  pop(): T | undefined {
    const first = this.#items[0];
    const key = this.#keys.pop();
    const item = this.#items.pop();
    if (key === undefined || item === undefined || this.#keys.length === 0) return first;
    this.#sink(key, item);
    return first;
  }

  #sink(key: number, item: T): void {
    const size = this.#keys.length;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      let childKey = this.#keys[child] ?? Infinity;
      const rightKey = child + 1 < size ? (this.#keys[child + 1] ?? Infinity) : Infinity;
      if (rightKey < childKey) {
        child += 1;
        childKey = rightKey;
      }
      if (childKey >= key) break;
      this.#move(child, hole, childKey);
      hole = child;
    }
    this.#keys[hole] = key;
    this.#items[hole] = item;
  }

  #move(from: number, to: number, key: number): void {
    const item = this.#items[from];
    if (item === undefined) return;
    this.#keys[to] = key;
    this.#items[to] = item;
  }
}
