import { watchFile, type WatchedFile } from '@millrace/service-kit';
import { FileError } from '@millrace/service-kit/yaml-file';
import { compileReceivers, type ReceiverSources } from './delivery/compile-receivers.js';
import type { Receiver } from './delivery/receiver.js';
import { readAlertmanagerConfig, type AlertmanagerConfig } from './routing/alertmanager-config.js';

/** The file as it was read, with the secrets it refers to. */
export interface ReadConfig {
  readonly config: AlertmanagerConfig;
  readonly receivers: readonly Receiver[];
}

/** The configuration in force, and the file it comes from. */
export class ConfigBook {
  #problems: readonly string[] = [];
  #reading: Promise<readonly string[]> = Promise.resolve([]);
  #adopt: (read: ReadConfig) => Promise<void> = () => Promise.resolve();
  #refused: (problems: readonly string[]) => void = () => undefined;

  private constructor(
    readonly file: string,
    private readonly sources: ReceiverSources,
    private current: ReadConfig,
  ) {}

  /** Reads the file. Throws {@link FileError}. */
  static open(file: string, sources: ReceiverSources): ConfigBook {
    return new ConfigBook(file, sources, readConfig(file, sources));
  }

  get inForce(): ReadConfig {
    return this.current;
  }

  /** Why the file as it is now is not in force; empty when it is. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Reads the file again whenever it changes; until `adopt` resolves the one before is in force, as it is where the file has errors. */
  watch(adopt: (read: ReadConfig) => Promise<void>, refused: (problems: readonly string[]) => void): WatchedFile {
    this.#adopt = adopt;
    this.#refused = refused;
    return watchFile(this.file, async () => { await this.reload(); }, (error) => { refused([`${this.file} is no longer watched: ${error.message}`]); });
  }

  /** Reads the file again. Returns what is wrong with it. */
  reload(): Promise<readonly string[]> {
    this.#reading = this.#reading.then(() => this.#read());
    return this.#reading;
  }

  async #read(): Promise<readonly string[]> {
    try {
      const read = readConfig(this.file, this.sources);
      await this.#adopt(read);
      this.current = read;
      this.#problems = [];
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#problems = error.problems;
      this.#refused(error.problems);
    }
    return this.#problems;
  }
}

function readConfig(file: string, sources: ReceiverSources): ReadConfig {
  const config = readAlertmanagerConfig(file);
  return { config, receivers: compileReceivers(config, sources) };
}
