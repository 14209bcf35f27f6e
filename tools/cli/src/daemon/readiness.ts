import { setTimeout as delay } from 'node:timers/promises';
import { CliError, EXIT, ProcessFailedError } from '../cli-errors.js';
import type { ProcessStatus, StackStatus, TaskStatus } from '../process/supervisor.js';
import type { ControlClient } from './control-client.js';

const POLL_MS = 100;

/** What became of one process or task while the stack started. */
export type Outcome = { readonly ready: true } | { readonly ready: false; readonly error: CliError };

/** Follows a starting stack and tells for each process and task when it is ready, or that it will not be. */
export class ReadinessWatch {
  private readonly settled = new Map<string, (outcome: Outcome) => void>();
  private readonly outcomes = new Map<string, Promise<Outcome>>();

  constructor(
    private readonly client: ControlClient,
    private readonly timeoutMs: number,
    first: StackStatus,
  ) {
    for (const { name } of [...first.processes, ...first.tasks]) {
      this.outcomes.set(name, new Promise((resolve) => this.settled.set(name, resolve)));
    }
  }

  /** Resolves for each name once; never rejects. */
  async outcome(name: string): Promise<Outcome> {
    return this.outcomes.get(name) ?? { ready: true };
  }

  /** Polls until everything is decided, or `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + this.timeoutMs;
    while (!signal.aborted) {
      const state = await this.client.stateOrNull();
      if (state === null) {
        this.settleAll(() => new CliError('The supervisor has ended', 'See the log: millrace logs supervisor', EXIT.internal));
        return;
      }
      this.settle(state);
      if (this.settled.size === 0) return;
      const late = performance.now() > deadline;
      if (late || isStuck(state)) this.settleAll((name) => waitsFor(name, state, late));
      await delay(POLL_MS);
    }
    this.settleAll(() => new CliError('interrupted', 'Nothing is to be done.', EXIT.interrupted));
  }

  private settle(state: StackStatus): void {
    for (const { name, state: now } of state.processes) if (now === 'ready') this.decide(name, { ready: true });
    for (const { name, state: now } of state.tasks) if (now === 'done') this.decide(name, { ready: true });
    for (const failed of [...state.processes, ...state.tasks].filter((one) => one.state === 'failed')) {
      this.decide(failed.name, { ready: false, error: failure(failed) });
    }
  }

  private settleAll(error: (name: string) => CliError): void {
    for (const name of [...this.settled.keys()]) this.decide(name, { ready: false, error: error(name) });
  }

  private decide(name: string, outcome: Outcome): void {
    this.settled.get(name)?.(outcome);
    this.settled.delete(name);
  }
}

/** Nothing moves any more: something failed, and the rest waits for it. */
export function isStuck({ processes, tasks }: StackStatus): boolean {
  const states = [...processes, ...tasks].map(({ state }) => state);
  return states.includes('failed') && states.every((state) => ['ready', 'done', 'failed', 'waiting', 'stopped'].includes(state));
}

function failure(failed: ProcessStatus | TaskStatus): CliError {
  const cause = failed.cause ?? 'for no known reason';
  if (!('kind' in failed)) return new CliError(`Creating ${failed.name} failed: ${cause}`, 'Try again with: millrace up', EXIT.unavailable);
  if (failed.external) {
    const variable = { kafka: 'MILLRACE_KAFKA_BROKERS', registry: 'MILLRACE_REGISTRY_URL', redis: 'MILLRACE_REDIS_URL', postgres: 'MILLRACE_POSTGRES_URL' }[failed.name];
    return new CliError(`${failed.name} at ${failed.address} cannot be used: ${cause}`, `Start it, or unset ${variable ?? 'its address'} to have a local one.`, EXIT.unavailable);
  }
  return new ProcessFailedError(failed.name, cause, failed.logFile ?? '');
}

function waitsFor(name: string, state: StackStatus, late: boolean): CliError {
  const failed = [...state.processes, ...state.tasks].filter((one) => one.state === 'failed').map((one) => one.name);
  const why = failed.length > 0 ? `it waits for ${failed.join(', ')}` : late ? 'it is not ready in time' : 'it was not started';
  return new CliError(`${name} is not ready: ${why}`, `See the log: millrace logs ${name}`, EXIT.unavailable);
}
