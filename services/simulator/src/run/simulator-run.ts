import type { FaultStream, Delivery } from '../faults/fault-stream.js';
import type { Ledger } from '../ledger.js';
import type { Rates } from '../world/settings.js';
import type { World } from '../world/world.js';
import type { Clock } from './clock.js';
import type { DeliverySender } from './delivery-sender.js';
import { DEFAULT_PACE, Pacer } from './pacer.js';
import type { RunPlan } from './run-plan.js';

/** Records in one batch: large enough for the broker, small enough to stop soon. */
const MOST_IN_BATCH = 2_000;
const TICK_MS = 40;
/** Longest wait, also where nothing happens for long: the pacer takes a longer one for a pause. */
const LONGEST_WAIT_MS = 250;

export type RunState = 'backfill' | 'live' | 'draining' | 'done';

/** What a run tells while it goes. */
export interface RunListener {
  state(state: RunState): void;
  /** After each batch: the records, and where the run stands. */
  sent(batch: readonly Delivery[]): void;
  /** Each turn of the loop. `lagMs`: how far sending is behind where it should be. */
  turn(progress: { readonly eventTime: number; readonly lagMs: number; readonly end: number }): void;
  skipped(ms: number): void;
}

export interface RunParts {
  readonly world: World;
  readonly faults: FaultStream;
  readonly sender: DeliverySender;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly listener: RunListener;
}

/** One run of the simulator: backfill, then live, until its plan or a signal ends it. */
export class SimulatorRun {
  #eventTime: number;

  /** @param start event time at which the world begins. */
  constructor(
    private readonly parts: RunParts,
    private readonly plan: RunPlan,
    start: number,
  ) {
    this.#eventTime = start;
  }

  /** From now on events come at these rates. */
  setRates(rates: Rates): void {
    this.parts.world.setRates(rates, this.#eventTime);
  }

  /** Resolves when everything that was produced is in Kafka. */
  async run(signal: AbortSignal): Promise<void> {
    const { listener, world, clock } = this.parts;
    if (this.plan.from !== null) {
      listener.state('backfill');
      await this.#play(signal, this.plan.speed, () => Math.min(this.plan.until ?? Infinity, clock.now()));
    }
    if (!this.plan.stop && !this.#isOver(signal)) {
      listener.state('live');
      const now = Math.max(clock.now(), this.#eventTime);
      if (this.plan.from !== null) world.setCurves(this.plan.curvesLive, now);
      this.#eventTime = now;
      await this.#play(signal, 1, null);
    }
    listener.state('draining');
    await this.#send(this.parts.faults.flush(this.#eventTime), signal);
    listener.state('done');
  }

  /** Sends what is due until the limit is reached; without one, until the plan's count or the signal. */
  async #play(signal: AbortSignal, speed: number, limit: (() => number) | null): Promise<void> {
    const { clock, world, ledger, listener, faults } = this.parts;
    const pacer = new Pacer({ ...DEFAULT_PACE, speed }, this.#eventTime, clock.now());
    let sending: Promise<void> = Promise.resolve();
    while (!this.#isOver(signal)) {
      const end = limit?.() ?? Infinity;
      const { horizon, lagMs, skippedMs } = pacer.allow(clock.now(), end);
      if (skippedMs > 0) {
        world.skipTo(horizon);
        ledger.skipped(skippedMs);
        listener.skipped(skippedMs);
      }
      const batch = this.#assemble(horizon);
      if (batch.length >= MOST_IN_BATCH) pacer.reached(this.#eventTime);
      await sending;
      listener.turn({ eventTime: this.#eventTime, lagMs, end });
      if (batch.length > 0) {
        sending = this.#send(batch, signal);
      } else if (horizon >= end) {
        break;
      } else {
        await clock.sleep(Math.max(TICK_MS, Math.min(LONGEST_WAIT_MS, (faults.nextAt - horizon) / speed)), signal);
      }
    }
    await sending;
  }

  #assemble(horizon: number): Delivery[] {
    const batch: Delivery[] = [];
    while (batch.length < MOST_IN_BATCH && !this.#isCounted()) {
      const delivery = this.parts.faults.next(horizon);
      if (delivery === null) {
        this.#eventTime = Math.max(this.#eventTime, horizon);
        return batch;
      }
      this.#eventTime = Math.max(this.#eventTime, delivery.at);
      batch.push(delivery);
    }
    return batch;
  }

  async #send(batch: readonly Delivery[], signal: AbortSignal): Promise<void> {
    await this.parts.sender.send(batch, signal);
    this.parts.listener.sent(batch);
  }

  #isOver(signal: AbortSignal): boolean {
    return signal.aborted || this.#isCounted();
  }

  #isCounted(): boolean {
    return this.plan.count !== null && this.parts.faults.drawn >= this.plan.count;
  }
}
