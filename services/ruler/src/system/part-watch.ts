/** Asks parts of the system that may be silent, and tells when one falls silent and when it speaks again: once each. */
export class PartWatch {
  readonly #silent = new Set<string>();

  /** @param onChange without an error: the part speaks again */
  constructor(private readonly onChange: (part: string, error: unknown) => void) {}

  /** The answer; null where the part gives none. */
  async ask<T>(part: string, question: () => Promise<T>): Promise<T | null> {
    try {
      const answer = await question();
      if (this.#silent.delete(part)) this.onChange(part, null);
      return answer;
    } catch (error) {
      if (!this.#silent.has(part)) this.onChange(part, error);
      this.#silent.add(part);
      return null;
    }
  }
}
