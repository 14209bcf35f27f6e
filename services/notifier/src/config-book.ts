import { isDeepStrictEqual } from 'node:util';
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
  #adopt: (read: ReadConfig) => void = () => undefined;
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

  /** Reads the file again whenever it changes, and has what it says adopted; where it has errors the one before stays in force. */
  watch(adopt: (read: ReadConfig) => void, refused: (problems: readonly string[]) => void): WatchedFile {
    this.#adopt = adopt;
    this.#refused = refused;
    return watchFile(this.file, async () => { await this.#again(false); }, (error) => { refused([`${this.file} is no longer watched: ${error.message}`]); });
  }

  /** Reads the file again, and has it adopted also where nothing has changed, as Alertmanager does. Returns what is wrong with it. */
  reload(): Promise<readonly string[]> {
    return this.#again(true);
  }

  #again(evenIfKnown: boolean): Promise<readonly string[]> {
    this.#reading = this.#reading.then(() => this.#read(evenIfKnown));
    return this.#reading;
  }

  #read(evenIfKnown: boolean): readonly string[] {
    try {
      const read = readConfig(this.file, this.sources);
      const isKnown = !evenIfKnown && read.config.original === this.current.config.original && isDeepStrictEqual(read.receivers, this.current.receivers) && this.#problems.length === 0;
      this.#problems = [];
      if (isKnown) return [];
      this.current = read;
      this.#adopt(read);
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
