import { writeFile } from 'node:fs/promises';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { KafkaConnection } from '@millrace/kafka';
import { CONFIG, KAFKA, LIFECYCLE, LOGGER, Metrics, type Lifecycle } from '@millrace/service-kit';
import type { Logger } from 'pino';
import { FaultStream } from './faults/fault-stream.js';
import { Ledger } from './ledger.js';
import { RunReporter } from './run-reporter.js';
import { systemClock } from './run/clock.js';
import { DeliverySender } from './run/delivery-sender.js';
import { SimulatorRun } from './run/simulator-run.js';
import { faultSettingsOf, runPlanOf, worldSettingsOf, type SimulatorConfig } from './simulator.config.js';
import type { Rates } from './world/settings.js';
import { World } from './world/world.js';

/** A run that has not moved for longer is not ready. */
const LONGEST_STILLNESS_MS = 5_000;

/** Runs the configured world against Kafka from the service's start to its drain. */
@Injectable()
export class SimulatorService implements OnApplicationBootstrap {
  readonly ledger = new Ledger();
  readonly #world: World;
  readonly #start: number;
  readonly #reporter: RunReporter;
  readonly #stopping = new AbortController();
  #run: SimulatorRun | null = null;
  #finished: Promise<void> = Promise.resolve();
  #problem: string | null = null;

  constructor(
    @Inject(CONFIG) private readonly config: SimulatorConfig,
    @Inject(KAFKA) private readonly kafka: KafkaConnection,
    @Inject(LIFECYCLE) private readonly lifecycle: Lifecycle,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Metrics) metrics: Metrics,
  ) {
    const settings = worldSettingsOf(config, systemClock.now());
    this.#start = settings.start;
    this.#world = new World(settings);
    this.#reporter = new RunReporter(metrics, logger, config.lane);
    this.#reporter.rates(settings.rates);
  }

  get rates(): Rates {
    return this.#world.rates;
  }

  /** Settles with the run: rejects when it failed. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  setRates(rates: Rates): Rates {
    if (this.#run === null) this.#world.setRates(rates, this.#start);
    else this.#run.setRates(rates);
    this.#reporter.rates(rates);
    this.logger.info({ rates }, 'rates changed');
    return rates;
  }

  async onApplicationBootstrap(): Promise<void> {
    const publisher = await this.kafka.publisher();
    this.lifecycle.onRelease('publisher', () => publisher.close());
    this.lifecycle.addCheck('publishing', () => this.#problem ?? this.#stillness());
    const sender = new DeliverySender(publisher, this.ledger, {
      lane: this.config.lane,
      clock: systemClock,
      onFailure: (stream, error) => {
        this.#problem = error.message;
        this.logger.warn({ err: error, stream }, 'publishing failed, trying again');
      },
      onSuccess: () => {
        this.#problem = null;
      },
    });
    const listener = this.#reporter;
    const faults = new FaultStream(this.#world, faultSettingsOf(this.config));
    const run = new SimulatorRun({ world: this.#world, faults, sender, ledger: this.ledger, clock: systemClock, listener }, runPlanOf(this.config), this.#start);
    this.#run = run;
    this.#finished = this.#runToEnd(run);
    // A run that fails is reported by #runToEnd; whoever waits on `finished` gets the error as well.
    this.#finished.catch(() => undefined);
    this.lifecycle.onRelease('run', async () => {
      this.#stopping.abort();
      await this.#finished;
    });
  }

  #stillness(): string | null {
    const { stillForMs } = this.#reporter;
    return stillForMs > LONGEST_STILLNESS_MS ? `Kafka has confirmed nothing for ${String(Math.round(stillForMs / 1000))} s` : null;
  }

  async #runToEnd(run: SimulatorRun): Promise<void> {
    try {
      await run.run(this.#stopping.signal);
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      this.logger.error({ err: error }, 'the run failed');
      throw error;
    } finally {
      if (this.config.ledger !== undefined) await writeFile(this.config.ledger, `${JSON.stringify(this.ledger.report(), null, 1)}\n`);
      // The drain that SIGTERM starts closes the publisher and the server.
      if (this.config.exit) process.kill(process.pid, 'SIGTERM');
    }
  }
}
