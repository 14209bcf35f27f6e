import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError, EXIT } from '../cli-errors.js';
import type { CliConfig } from '../config/cli.config.js';
import { layoutOf } from '../config/layout.js';
import { fetchSets, type SetName } from '../fetch/downloads.js';
import { withLock } from '../fetch/file-lock.js';
import { readPidFile } from '../process/pid-file.js';
import { findBusyPorts } from '../process/port-check.js';
import { signalGroup } from '../process/supervised-process.js';
import { stackSpecs } from '../stack/process-table.js';
import { ControlClient, NoSupervisorError } from './control-client.js';
import { endOrphans, isSupervisorRunning, SUPERVISOR } from './orphans.js';

const POLL_MS = 50;
const DAEMON_START_MS = 20_000;
/** Services 10 s, Spark 20 s, infrastructure 15 s, and some air. */
const DRAIN_MS = 60_000;

/** Which part of the stack: `infra` leaves out the services and Spark. */
export type Part = 'infra' | 'all';

/** Makes sure that a supervisor runs. True when it was started by this call, false when one ran already. */
export async function ensureSupervisor(config: CliConfig, only: Part, say: (message: string) => void): Promise<boolean> {
  const layout = layoutOf(config.home);
  const client = new ControlClient(layout.socket);
  return withLock(join(layout.run, 'up.lock'), (holder) => { say(`waiting for another millrace command (${holder})`); }, async () => {
    if ((await client.stateOrNull()) !== null) return false;
    if (await isSupervisorRunning(layout.run)) await waitForEnd(layout.run, DRAIN_MS);
    const orphans = await endOrphans(layout.run);
    if (orphans.length > 0) say(`ended what a killed supervisor had left: ${orphans.join(', ')}`);
    await fetchSets(config, neededSets(config, only), say);
    await assertPortsFree(config, only);
    await startDaemon(config, only, client);
    return true;
  });
}

/** Ends the stack: drains it through its supervisor, or ends what a killed one has left. False when nothing ran. */
export async function stopStack(config: CliConfig, say: (message: string) => void): Promise<boolean> {
  const layout = layoutOf(config.home);
  return withLock(join(layout.run, 'up.lock'), (holder) => { say(`waiting for another millrace command (${holder})`); }, async () => {
    const ran = await isSupervisorRunning(layout.run);
    if (ran) {
      await new ControlClient(layout.socket).stop().catch((error: unknown) => {
        if (!(error instanceof NoSupervisorError)) throw error;
      });
      if (!(await waitForEnd(layout.run, DRAIN_MS))) {
        say('the supervisor does not end by itself: killing it');
        await killSupervisor(layout.run);
      }
    }
    const orphans = await endOrphans(layout.run);
    if (orphans.length > 0) say(`ended what a killed supervisor had left: ${orphans.join(', ')}`);
    await rm(layout.socket, { force: true });
    return ran || orphans.length > 0;
  });
}

/** What must be in the cache before this part of the stack can start. */
export function neededSets(config: CliConfig, only: Part): SetName[] {
  return [
    ...(config.env.MILLRACE_KAFKA_BROKERS === undefined ? (['kafka'] as const) : []),
    ...(config.env.MILLRACE_REGISTRY_URL === undefined ? (['registry'] as const) : []),
    ...(only === 'all' ? (['spark-jars'] as const) : []),
  ];
}

/** Throws the first busy port as an error that names all of them. */
async function assertPortsFree(config: CliConfig, only: Part): Promise<void> {
  const specs = await stackSpecs(config, layoutOf(config.home), only);
  const busy = await findBusyPorts(specs.flatMap((spec) => (spec.type === 'managed' ? spec.ports : [])));
  const [first, ...more] = busy;
  if (first === undefined) return;
  if (more.length === 0) throw first;
  throw new CliError(busy.map(({ message }) => message).join('; '), `Stop them, or set ${busy.map(({ variable }) => variable).join(', ')}.`, EXIT.unavailable);
}

async function startDaemon(config: CliConfig, only: Part, client: ControlClient): Promise<void> {
  const layout = layoutOf(config.home);
  mkdirSync(layout.logs, { recursive: true });
  const log = openSync(layout.logFile(SUPERVISOR), 'a', 0o600);
  const child = spawn(process.execPath, ['--disable-warning=TimeoutNegativeWarning', join(config.root, 'tools/cli/dist/main.js'), 'daemon', '--only', only], {
    cwd: config.root,
    env: { ...config.inherited, MILLRACE_HOME: config.home },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  const deadline = performance.now() + DAEMON_START_MS;
  while ((await client.stateOrNull()) === null) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
      throw new CliError('The supervisor did not start', `Its log: ${layout.logFile(SUPERVISOR)}`, EXIT.internal);
    }
    await delay(POLL_MS);
  }
}

async function waitForEnd(run: string, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (await isSupervisorRunning(run)) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

async function killSupervisor(run: string): Promise<void> {
  const record = await readPidFile(run, SUPERVISOR);
  if (record !== null && (await isSupervisorRunning(run))) signalGroup(record.pid, 'SIGKILL');
  await waitForEnd(run, DRAIN_MS);
}
