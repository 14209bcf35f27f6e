import { watch, type FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseRules, type RuleSet } from './rule-file.js';
import { FileError } from '@millrace/service-kit/yaml-file';

/** Editors write a file in several steps. */
const SETTLE_MS = 100;

export interface RuleBookEvents {
  /** A changed file was read; the rules before are in force until this resolves. */
  readonly adopt: (rules: RuleSet) => Promise<void>;
  /** The changed file cannot be used; the rules before stay in force. */
  readonly refused: (problems: readonly string[]) => void;
}

/** The rules in force, and the file they come from. */
export class RuleBook {
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<void> = Promise.resolve();
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

  /** Reads the file again whenever it changes. The directory is watched, since most tools replace a file rather than write it. */
  watch(events: RuleBookEvents): void {
    this.#watcher = watch(dirname(this.file), () => {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        this.#reading = this.#reading.then(() => this.#reload(events));
      }, SETTLE_MS);
    });
    this.#watcher.on('error', (error) => { events.refused([`${this.file} is no longer watched: ${error.message}`]); });
  }

  async close(): Promise<void> {
    this.#watcher?.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#reading;
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

/** Reads a rules file. Throws {@link FileError}, also where there is none. */
export async function readRules(file: string, timeZone?: string): Promise<RuleSet> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new FileError(file, [`${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
  }
  return parseRules(file, text, timeZone);
}
