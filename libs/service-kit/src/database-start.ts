import { migrate, untilAvailable } from '@millrace/stores';
import type { Logger } from 'pino';
import type { CommonConfig } from './config.js';
import type { Lifecycle } from './lifecycle.js';

interface StartKit {
  readonly config: Pick<CommonConfig, 'postgresUrl'>;
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
}

/**
 * The start of a service that works on PostgreSQL: waits for the database as long as it takes, brings it to the newest schema, then does the
 * service's own. Not ready until that is done. What fails in it ends the process (`Lifecycle.fail`); a release ends its waiting.
 */
export class DatabaseStart {
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #done = false;

  constructor(private readonly kit: StartKit) {
    kit.lifecycle.addCheck('start', () => (this.#done ? null : 'starting'));
    kit.lifecycle.onRelease('start', () => this.stop());
  }

  /** @param work may wait for the database by {@link untilAvailable}, and for nothing else that may never come: a stop waits for it */
  begin(work: () => Promise<void> | void): void {
    this.#running = this.#run(work).catch((error: unknown) => {
      // Does nothing once the service is going: the end of the waiting is no failure.
      this.kit.lifecycle.fail(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Does `work` again and again until the database is there; rejects once the service stops. */
  untilAvailable<T>(work: () => Promise<T>): Promise<T> {
    const onWait = (error: Error): void => { this.kit.logger.warn({ err: error }, 'waiting for the database'); };
    return untilAvailable(work, { signal: this.#stop.signal, onWait });
  }

  /** Ends all waiting, for a release that cannot go on before; resolves when the start has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(work: () => Promise<void> | void): Promise<void> {
    const migrations = await this.untilAvailable(() => migrate(this.kit.config.postgresUrl));
    if (migrations.length > 0) this.kit.logger.info({ migrations }, 'database migrated');
    this.#stop.signal.throwIfAborted();
    await work();
    this.#done = true;
  }
}
