import { pause } from '../timing.js';

const TRIES = 8;
const PAUSE_MS = 100;

/** Commits the newest offset it was told of; those told while a commit is under way are covered by the next. */
export class OffsetCommitter {
  #wanted = -1;
  #committed = -1;
  #running: Promise<void> | undefined;

  constructor(private readonly commit: (offset: number) => Promise<void>) {}

  /** @param offset the next one to read: all before it have their effect */
  commitSoon(offset: number): void {
    this.#wanted = offset;
    this.#running ??= this.#run();
  }

  /** Resolves once nothing is under way. What fails for good is covered by a later commit, or read again by whoever comes next. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // One turn later, so that a burst of small batches needs one commit.
    await Promise.resolve();
    for (let failures = 0; this.#wanted !== this.#committed && failures < TRIES; ) {
      const offset = this.#wanted;
      try {
        await this.commit(offset);
        this.#committed = offset;
      } catch {
        // A coordinator that moves, or a group that rebalances: the same commit is right a moment later, or no longer ours to make.
        failures++;
        await pause(PAUSE_MS * failures);
      }
    }
    this.#running = undefined;
  }
}
