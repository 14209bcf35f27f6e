import type { Probe } from './health-probe.js';
import type { PortNeed } from './port-check.js';

export type ProcessKind = 'infra' | 'service' | 'spark';

interface NodeSpec {
  readonly name: string;
  /** Names of what must be ready first. */
  readonly dependsOn: readonly string[];
}

/** A process the supervisor starts, watches and restarts. */
export interface ManagedSpec extends NodeSpec {
  readonly type: 'managed';
  readonly kind: ProcessKind;
  readonly lane: string | null;
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** Added to what every process inherits. */
  readonly env: Readonly<Record<string, string>>;
  /** Whose process it becomes; only PostgreSQL, which refuses root, has one. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly ports: readonly PortNeed[];
  /** Shown to people. */
  readonly address: string;
  readonly probe: Probe;
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /** How long it may take to end by itself, ms. */
  readonly graceMs: number;
  /** Makes what it needs on disk; before every start, so it must be repeatable. */
  readonly prepare?: () => Promise<void>;
}

/** A component that somebody else runs: probed, never started. */
export interface ExternalSpec extends NodeSpec {
  readonly type: 'external';
  readonly kind: ProcessKind;
  readonly lane: null;
  readonly address: string;
  readonly probe: Probe;
}

/** Work that must be done once between processes, such as creating topics. */
export interface TaskSpec extends NodeSpec {
  readonly type: 'task';
  readonly run: () => Promise<void>;
}

export type Spec = ManagedSpec | ExternalSpec | TaskSpec;
