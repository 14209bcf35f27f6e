import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError, EXIT, ProcessFailedError } from './cli-errors.js';
import { loadConfig } from './config/cli.config.js';
import { layoutOf } from './config/layout.js';
import { fetchSets } from './fetch/downloads.js';
import { neededSets } from './daemon/stack-runner.js';
import { isStuck } from './daemon/readiness.js';
import { pickFreePorts } from './process/port-check.js';
import { Supervisor } from './process/supervisor.js';
import { addressEnv, addressesOf } from './stack/addresses.js';
import { infraSpecs } from './stack/process-table.js';
import { findRedis } from './stack/toolchain.js';

/** Infrastructure of one test run. */
export interface TestStack {
  /** The variables by which specs find it, and the program for a Redis of a spec's own. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends it and removes its files. */
  readonly stop: () => Promise<void>;
}

const PORTS = ['MILLRACE_KAFKA_PORT', 'MILLRACE_KAFKA_CONTROLLER_PORT', 'MILLRACE_REGISTRY_PORT', 'MILLRACE_REDIS_PORT', 'MILLRACE_POSTGRES_PORT'] as const;
const POLL_MS = 50;

/**
 * Starts Kafka, registry, Redis and PostgreSQL on free ports with their files in a temporary folder, topics and schemas in them. A component
 * whose address is in the environment is used instead of a local one. Ends with this process, however that ends. Throws
 * {@link CliError} when something does not start; then nothing is left running.
 */
export async function startTestStack(environment: NodeJS.ProcessEnv = process.env): Promise<TestStack> {
  const ports = await pickFreePorts(PORTS.length);
  const home = await mkdtemp(join(tmpdir(), 'millrace-test-'));
  const chosen = Object.fromEntries(PORTS.map((variable, index) => [variable, String(ports[index])]));
  const config = loadConfig({ ...environment, ...chosen, MILLRACE_HOME: home });
  const layout = layoutOf(home);
  const supervisor = new Supervisor({
    layout,
    inherited: config.inherited,
    startTimeoutMs: config.env.MILLRACE_START_TIMEOUT_SECONDS * 1000,
    logMaxBytes: config.env.MILLRACE_LOG_MAX_BYTES,
  });
  const guard = startGuard(config.root, home);
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    await endGuard(guard);
    await rm(home, { recursive: true, force: true });
  };
  try {
    await fetchSets(config, neededSets(config, 'infra'), (message) => process.stderr.write(`millrace: ${message}\n`));
    supervisor.add(await infraSpecs(config, layout));
    await waitUntilReady(supervisor);
    return { env: { ...addressEnv(addressesOf(config)), MILLRACE_REDIS_SERVER: findRedis(config) }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function waitUntilReady(supervisor: Supervisor): Promise<void> {
  for (;;) {
    const state = await supervisor.snapshot();
    const all = [...state.processes, ...state.tasks];
    if (all.every((one) => one.state === 'ready' || one.state === 'done')) return;
    const failed = all.find((one) => one.state === 'failed');
    if (failed !== undefined && isStuck(state)) {
      const cause = failed.cause ?? 'for no known reason';
      throw 'logFile' in failed
        ? new ProcessFailedError(failed.name, cause, failed.logFile ?? '')
        : new CliError(`Creating ${failed.name} failed: ${cause}`, 'See the logs of kafka and registry.', EXIT.unavailable);
    }
    await delay(POLL_MS);
  }
}

/** A process that outlives ours by a moment: when its standard input ends, it ends what we have left and removes the folder. */
function startGuard(root: string, home: string): ChildProcess {
  const guard = spawn(process.execPath, [join(root, 'tools', 'cli', 'dist', 'guard.main.js'), home], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  guard.unref();
  return guard;
}

async function endGuard(guard: ChildProcess): Promise<void> {
  if (guard.exitCode !== null || guard.pid === undefined) return;
  const ended = new Promise((resolve) => guard.once('exit', resolve));
  guard.ref();
  guard.stdin?.end();
  await ended;
}
