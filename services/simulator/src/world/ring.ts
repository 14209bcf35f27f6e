import type { Random } from './random.js';

/** Remembers the last `capacity` things, to draw from them at random. */
export class Ring<T> {
  readonly #items: T[] = [];
  #next = 0;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.capacity;
  }

  all(): T[] {
    return [...this.#items];
  }

  /** One of them; often undefined while there are fewer than `least`, so that the very first are not drawn over and over. */
  draw(random: Random, least = 0): T | undefined {
    return this.#items[random.below(Math.max(least, this.#items.length))];
  }
}
