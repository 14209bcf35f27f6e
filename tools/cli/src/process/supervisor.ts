import { setTimeout as delay } from 'node:timers/promises';
import { CliError, ignoreAbort, messageOf, systemCode } from '../cli-errors.js';
import type { Layout } from '../config/layout.js';
import { writeAtomically } from '../config/write-atomically.js';
import { ProbeError, runProbe } from './health-probe.js';
import { ProcessLog } from './process-log.js';
import { listProcesses } from './process-info.js';
import type { ExternalSpec, ManagedSpec, ProcessKind, Spec, TaskSpec } from './process-table.types.js';
import { SupervisedProcess, type ProcessState, type SupervisionContext } from './supervised-process.js';

/** One line of `millrace status`. */
export interface ProcessStatus {
  readonly name: string;
  readonly kind: ProcessKind;
  readonly lane: string | null;
  readonly external: boolean;
  readonly state: ProcessState;
  readonly pid: number | null;
  readonly address: string;
  /** Resident memory of the process and all it started, bytes. */
  readonly memory: number | null;
  readonly restarts: number;
  /** RFC 3339. */
  readonly startedAt: string | null;
  readonly cause: string | null;
  readonly logFile: string | null;
}

export interface TaskStatus {
  readonly name: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  readonly cause: string | null;
}

export interface StackStatus {
  readonly processes: readonly ProcessStatus[];
  readonly tasks: readonly TaskStatus[];
}

export interface SupervisorOptions {
  readonly layout: Layout;
  readonly inherited: Readonly<Record<string, string>>;
  readonly startTimeoutMs: number;
  readonly logMaxBytes: number;
}

interface Node {
  readonly name: string;
  readonly whenReady: Promise<void>;
}
interface ExternalNode extends Node {
  readonly type: 'external';
  readonly spec: ExternalSpec;
  state: ProcessState;
  cause: string | null;
}
interface TaskNode extends Node {
  readonly type: 'task';
  readonly spec: TaskSpec;
  state: TaskStatus['state'];
  cause: string | null;
}
interface ManagedNode extends Node {
  readonly type: 'managed';
  readonly process: SupervisedProcess;
}

const EXTERNAL_PROBE_MS = 1_000;
const EXTERNAL_PATIENCE = 10;
const TASK_ATTEMPTS = 5;
const STATE_WRITE_MS = 50;
/** Who goes first when all must go: nothing is stopped under a process that still uses it. */
const STOP_ORDER: readonly ProcessKind[] = ['service', 'spark', 'infra'];

/** Holds the processes of one stack: starts each when what it needs is ready, keeps it running, ends all in order. */
export class Supervisor {
  private readonly nodes = new Map<string, ExternalNode | TaskNode | ManagedNode>();
  private readonly context: SupervisionContext;
  private readonly closing = new AbortController();
  private writing: Promise<void> | null = null;
  private unwritten = false;

  constructor(private readonly options: SupervisorOptions) {
    this.context = {
      run: options.layout.run,
      instance: options.layout.home,
      inherited: options.inherited,
      startTimeoutMs: options.startTimeoutMs,
      changed: () => { this.changed(); },
    };
  }

  /** Begins to start them, in parallel where dependencies allow. Each dependency must be among them or be known already. */
  add(specs: readonly Spec[]): void {
    const added = specs.map((spec) => this.createNode(spec));
    for (const node of added) this.nodes.set(node.name, node);
    for (const [index, node] of added.entries()) void this.startAfter(specs[index]?.dependsOn ?? [], node);
  }

  has(name: string): boolean {
    return this.nodes.has(name);
  }

  /** Stops these and forgets them. */
  async remove(names: readonly string[]): Promise<void> {
    await this.stopAll(this.managed().filter((node) => names.includes(node.name)));
    for (const name of names) this.nodes.delete(name);
    this.changed();
  }

  /** Stops everything: services, then Spark, then infrastructure. */
  async stop(): Promise<void> {
    this.closing.abort();
    await this.stopAll(this.managed());
    this.changed();
    while (this.writing !== null) await this.writing;
  }

  async snapshot(): Promise<StackStatus> {
    const running = await listProcesses();
    const nodes = [...this.nodes.values()];
    return {
      processes: nodes.flatMap((node) => {
        if (node.type === 'external') return [externalStatus(node)];
        if (node.type === 'task') return [];
        const { pid } = node.process;
        const members = running.filter((info) => pid !== null && info.group === pid);
        return [this.managedStatus(node, pid === null ? null : members.reduce((sum, info) => sum + info.rss, 0))];
      }),
      tasks: nodes.flatMap((node) => (node.type === 'task' ? [{ name: node.name, state: node.state, cause: node.cause }] : [])),
    };
  }

  private createNode(spec: Spec): ExternalNode | TaskNode | ManagedNode {
    if (spec.type === 'managed') {
      const { layout, logMaxBytes } = this.options;
      const log = new ProcessLog(layout.logFile(spec.name), spec.name, logMaxBytes);
      const supervised = new SupervisedProcess(spec, log, this.context);
      return { type: 'managed', name: spec.name, process: supervised, whenReady: supervised.whenReady };
    }
    let resolveReady: () => void = () => undefined;
    const whenReady = new Promise<void>((resolve) => {
      resolveReady = resolve;
    });
    if (spec.type === 'external') {
      const node: ExternalNode = { type: 'external', name: spec.name, spec, state: 'waiting', cause: null, whenReady };
      void this.probeExternal(node, resolveReady);
      return node;
    }
    const node: TaskNode = { type: 'task', name: spec.name, spec, state: 'waiting', cause: null, whenReady };
    void this.dependencies(spec.dependsOn).then(() => this.runTask(node, resolveReady));
    return node;
  }

  private async startAfter(dependsOn: readonly string[], node: ExternalNode | TaskNode | ManagedNode): Promise<void> {
    if (node.type !== 'managed') return;
    await this.dependencies(dependsOn);
    if (!this.closing.signal.aborted && this.nodes.get(node.name) === node) node.process.start();
  }

  private async dependencies(names: readonly string[]): Promise<void> {
    // A task's node asks before its neighbours are known: wait until the whole batch has been added.
    await Promise.resolve();
    await Promise.all(names.flatMap((name) => this.nodes.get(name)?.whenReady ?? []));
  }

  private async probeExternal(node: ExternalNode, resolveReady: () => void): Promise<void> {
    node.state = 'starting';
    for (let failures = 0; !this.closing.signal.aborted; ) {
      try {
        await runProbe(node.spec.probe);
        failures = 0;
        node.cause = null;
        node.state = 'ready';
        resolveReady();
      } catch (error) {
        if (!(error instanceof ProbeError)) throw error;
        failures += 1;
        node.cause = error.message;
        if (failures >= EXTERNAL_PATIENCE) node.state = 'failed';
        else if (node.state === 'ready') node.state = 'unready';
      }
      this.changed();
      await this.pause(node.state === 'ready' ? 5 * EXTERNAL_PROBE_MS : EXTERNAL_PROBE_MS);
    }
  }

  private async runTask(node: TaskNode, resolveReady: () => void): Promise<void> {
    for (let attempt = 1; !this.closing.signal.aborted; attempt += 1) {
      node.state = 'running';
      this.changed();
      try {
        await node.spec.run();
        node.state = 'done';
        node.cause = null;
        resolveReady();
        return;
      } catch (error) {
        node.cause = messageOf(error);
        const hopeless = error instanceof CliError || attempt >= TASK_ATTEMPTS;
        if (hopeless) {
          node.state = 'failed';
          return;
        }
      } finally {
        this.changed();
      }
      await this.pause(EXTERNAL_PROBE_MS);
    }
  }

  private async stopAll(nodes: readonly ManagedNode[]): Promise<void> {
    for (const kind of STOP_ORDER) {
      await Promise.all(nodes.filter((node) => node.process.spec.kind === kind).map((node) => node.process.stop()));
    }
    for (const node of nodes) node.process.log.close();
  }

  private managed(): ManagedNode[] {
    return [...this.nodes.values()].filter((node) => node.type === 'managed');
  }

  private managedStatus({ process: supervised }: ManagedNode, memory: number | null): ProcessStatus {
    const spec: ManagedSpec = supervised.spec;
    return {
      name: spec.name,
      kind: spec.kind,
      lane: spec.lane,
      external: false,
      state: supervised.state,
      pid: supervised.pid,
      address: spec.address,
      memory,
      restarts: supervised.restarts,
      startedAt: supervised.startedAt?.toISOString() ?? null,
      cause: supervised.cause,
      logFile: this.options.layout.logFile(spec.name),
    };
  }

  /** Writes state.json soon; changes meanwhile are in the same write. */
  private changed(): void {
    this.unwritten = true;
    this.writing ??= this.writeState().finally(() => {
      this.writing = null;
      if (this.unwritten) this.changed();
    });
  }

  private async writeState(): Promise<void> {
    await delay(STATE_WRITE_MS);
    this.unwritten = false;
    try {
      await writeAtomically(this.options.layout.state, `${JSON.stringify(await this.snapshot(), null, 2)}\n`);
    } catch (error) {
      // A full disk must not take the processes down too; the file is only for a reader without the supervisor.
      if (systemCode(error) !== 'ENOSPC') throw error;
    }
  }

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.closing.signal }).catch(ignoreAbort);
  }
}

function externalStatus(node: ExternalNode): ProcessStatus {
  const { name, kind, address } = node.spec;
  return {
    name,
    kind,
    lane: null,
    external: true,
    state: node.state,
    pid: null,
    address,
    memory: null,
    restarts: 0,
    startedAt: null,
    cause: node.cause,
    logFile: null,
  };
}
