import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { ignoreAbort, messageOf, systemCode } from '../cli-errors.js';
import { INSTANCE_VARIABLE, groupMembers, removePidFile, writePidFile, type PidRecord } from './pid-file.js';
import { ProbeError, runProbe } from './health-probe.js';
import type { ProcessLog } from './process-log.js';
import type { ManagedSpec } from './process-table.types.js';

export type ProcessState = 'waiting' | 'starting' | 'ready' | 'unready' | 'restarting' | 'failed' | 'stopping' | 'stopped';

/** What all processes of one supervisor share. */
export interface SupervisionContext {
  /** Folder of the pid files. */
  readonly run: string;
  /** The stack's home: marks its processes. */
  readonly instance: string;
  readonly inherited: Readonly<Record<string, string>>;
  readonly startTimeoutMs: number;
  readonly changed: () => void;
}

/** A process whose start fails so often is called failed; it is still tried again, ever more slowly. */
const ATTEMPTS_BEFORE_FAILED = 3;
const BACKOFF_MS = [200, 500, 1_000, 2_000, 5_000, 15_000] as const;
/** A process that ran so long begins its backoff anew. */
const STEADY_MS = 60_000;
const START_PROBE_MS = 100;
const STEADY_PROBE_MS = 5_000;

/** Starts one process, waits until it is ready, starts it again when it dies, and ends it with everything it started. */
export class SupervisedProcess {
  state: ProcessState = 'waiting';
  restarts = 0;
  startedAt: Date | null = null;
  /** Why it died last, or why it is not ready. */
  cause: string | null = null;
  /** Resolves when it is ready for the first time. */
  readonly whenReady: Promise<void>;

  private child: ChildProcess | null = null;
  private record: PidRecord | null = null;
  private failures = 0;
  private readonly stopping = new AbortController();
  private running: Promise<void> | null = null;
  private markReady: () => void = () => undefined;

  constructor(
    readonly spec: ManagedSpec,
    readonly log: ProcessLog,
    private readonly context: SupervisionContext,
  ) {
    this.whenReady = new Promise((resolve) => {
      this.markReady = resolve;
    });
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  /** Begins; what becomes of it is told by `state` and `whenReady`. */
  start(): void {
    this.running ??= this.keepRunning();
  }

  /** Asks it to end, waits for the grace period, then ends its whole process group. Safe to call twice. */
  async stop(): Promise<void> {
    if (!this.stopping.signal.aborted) {
      if (this.running !== null) this.become('stopping');
      this.stopping.abort();
    }
    await this.running;
    this.become('stopped');
  }

  private async keepRunning(): Promise<void> {
    while (!this.isStopping()) {
      const began = performance.now();
      const cause = await this.liveOnce();
      if (this.isStopping()) break;
      this.failures = performance.now() - began > STEADY_MS ? 1 : this.failures + 1;
      this.restarts += 1;
      this.cause = cause;
      this.become(this.failures >= ATTEMPTS_BEFORE_FAILED ? 'failed' : 'restarting');
      const pause = BACKOFF_MS[Math.min(this.failures, BACKOFF_MS.length) - 1] ?? BACKOFF_MS[0];
      this.log.note(`${this.spec.name} died: ${cause}`, { restartInMs: pause, restarts: this.restarts });
      await this.pause(pause);
    }
  }

  /** From preparation to the end of the process; resolves with the cause of the end. */
  private async liveOnce(): Promise<string> {
    try {
      if (this.state !== 'failed') this.become('starting');
      await this.spec.prepare?.();
      if (this.isStopping()) return 'stopped';
      const child = this.spawnChild();
      const ended = this.endOf(child);
      await this.remember(child);
      await Promise.race([ended, this.watch(child, ended)]);
      await this.sweep(child, ended);
      return await ended;
    } catch (error) {
      return messageOf(error);
    }
  }

  private spawnChild(): ChildProcess {
    const [program, ...parameters] = this.spec.command;
    const child = spawn(program, parameters, {
      cwd: this.spec.cwd,
      env: { ...this.context.inherited, ...this.spec.env, [INSTANCE_VARIABLE]: this.context.instance },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C in the terminal reaches only the supervisor, which ends the processes in order.
      detached: true,
      ...this.spec.user,
    });
    this.child = child;
    this.startedAt = new Date();
    return child;
  }

  private async endOf(child: ChildProcess): Promise<string> {
    const output = [
      ...(child.stdout === null ? [] : [this.log.follow(child.stdout)]),
      ...(child.stderr === null ? [] : [this.log.follow(child.stderr)]),
    ];
    const how = await new Promise<string>((resolve) => {
      child.once('error', (error) => { resolve(error.message); });
      child.once('exit', (code, signal) => { resolve(signal === null ? `exit code ${String(code)}` : `signal ${signal}`); });
    });
    // Grandchildren may keep the pipes open for ever: the last words are waited for only briefly.
    await Promise.race([Promise.allSettled(output), delay(200)]);
    return `${this.log.cause()} (${how})`;
  }

  private async remember(child: ChildProcess): Promise<void> {
    if (child.pid === undefined) return;
    this.record = await writePidFile(this.context.run, this.spec.name, child.pid, this.context.instance);
  }

  /** Probes while the process lives; returns when it is to be ended: on stop, or when it is not ready in time. */
  private async watch(child: ChildProcess, ended: Promise<string>): Promise<void> {
    const over = new AbortController();
    void ended.then(() => { over.abort(); });
    const isOver = (): boolean => over.signal.aborted || this.isStopping();
    const deadline = performance.now() + this.context.startTimeoutMs;
    let wasReady = false;
    while (child.exitCode === null && child.signalCode === null && !isOver()) {
      const ready = await this.isReady();
      if (isOver()) return;
      if (ready) {
        wasReady = true;
        this.become('ready');
        this.markReady();
      } else if (wasReady) {
        this.become('unready');
      } else if (performance.now() > deadline) {
        this.log.write(`not ready within ${String(this.context.startTimeoutMs / 1000)} s: ${this.cause ?? 'no answer'}`);
        return;
      }
      await this.pause(ready ? STEADY_PROBE_MS : START_PROBE_MS, over.signal);
    }
  }

  private async isReady(): Promise<boolean> {
    try {
      await runProbe(this.spec.probe);
      this.cause = null;
      return true;
    } catch (error) {
      if (!(error instanceof ProbeError)) throw error;
      if (this.state !== 'failed') this.cause = error.message;
      return false;
    }
  }

  /** Ends what still lives of the process and of everything it started. */
  private async sweep(child: ChildProcess, ended: Promise<string>): Promise<void> {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill(this.spec.stopSignal);
      const grace = new AbortController();
      await Promise.race([ended, delay(this.spec.graceMs, undefined, { signal: grace.signal, ref: true }).catch(ignoreAbort)]);
      grace.abort();
    }
    if (this.record !== null && (await groupMembers(this.record)).length > 0) signalGroup(this.record.pid, 'SIGKILL');
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    this.child = null;
    this.record = null;
    this.startedAt = null;
    await removePidFile(this.context.run, this.spec.name);
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private become(state: ProcessState): void {
    if (this.state === state) return;
    if (state === 'ready') this.cause = null;
    this.state = state;
    this.context.changed();
  }

  private async pause(ms: number, also?: AbortSignal): Promise<void> {
    const signal = also === undefined ? this.stopping.signal : AbortSignal.any([this.stopping.signal, also]);
    await delay(ms, undefined, { signal }).catch(ignoreAbort);
  }
}

/** Signals every member of the group; a group that has just ended is no error. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}
