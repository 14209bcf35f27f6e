import { watchFile, type WatchedFile } from '@millrace/service-kit';
import { FileError } from '@millrace/service-kit/yaml-file';
import { readRules, type RuleSet } from './rule-file.js';

export interface RuleBookEvents {
  /** A changed file was read; the rules before are in force until this resolves. */
  readonly adopt: (rules: RuleSet) => Promise<void>;
  /** The changed file cannot be used; the rules before stay in force. */
  readonly refused: (problems: readonly string[]) => void;
}

/** The rules in force, and the file they come from. */
export class RuleBook {
  #watched: WatchedFile | null = null;
  #problems: readonly string[] = [];

  private constructor(
    readonly file: string,
    private readonly timeZone: string,
    private current: RuleSet,
  ) {}

  /** Reads the file, for a shop in the time zone. Throws {@link FileError}. */
  static async open(file: string, timeZone: string): Promise<RuleBook> {
    return new RuleBook(file, timeZone, await readRules(file, timeZone));
  }

  get rules(): RuleSet {
    return this.current;
  }

  /** Why the file as it is now is not in force; empty when it is. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Puts rules in force. */
  replace(rules: RuleSet): void {
    this.current = rules;
  }

  /** Reads the file again whenever it changes. */
  watch(events: RuleBookEvents): void {
    this.#watched = watchFile(this.file, () => this.#reload(events), (error) => { events.refused([`${this.file} is no longer watched: ${error.message}`]); });
  }

  async close(): Promise<void> {
    await this.#watched?.close();
  }

  async #reload(events: RuleBookEvents): Promise<void> {
    try {
      const rules = await readRules(this.file, this.timeZone);
      if (rules.version === this.current.version && this.#problems.length === 0) return;
      await events.adopt(rules);
      this.#problems = [];
    } catch (error) {
      this.#problems = error instanceof FileError ? error.problems : [`${this.file}: ${error instanceof Error ? error.message : String(error)}`];
      events.refused(this.#problems);
    }
  }
}
