import { setTimeout as delay } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { Listr } from 'listr2';
import { CliError, EXIT } from '../cli-errors.js';
import { loadConfig, type CliConfig } from '../config/cli.config.js';
import { layoutOf } from '../config/layout.js';
import { ControlClient } from '../daemon/control-client.js';
import { ReadinessWatch } from '../daemon/readiness.js';
import { ensureSupervisor, stopStack, type Part } from '../daemon/stack-runner.js';
import type { StackStatus } from '../process/supervisor.js';
import { portOf } from '../stack/process-table.js';
import { print, say } from './output.js';

interface UpOptions {
  readonly foreground?: true;
  readonly only?: 'infra';
  readonly lane?: string;
}

const WATCH_MS = 1_000;
/** Longest start of the whole, in longest starts of one process: they wait for each other, and one may need a second try. */
const WHOLE_STARTS = 3;

export function upCommand(): Command {
  return new Command('up')
    .description('start the whole system and wait until it is ready; what runs already is used as it is')
    .option('--foreground', 'stay until Ctrl-C, then end everything')
    .addOption(new Option('--only <part>', 'only Kafka, registry, Redis and PostgreSQL, with topics and schemas').choices(['infra']))
    .option('--lane <name>', 'lane of the services (default: MILLRACE_LANE, else live)')
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  const config = loadConfig(options.lane === undefined ? process.env : { ...process.env, MILLRACE_LANE: options.lane });
  const part: Part = options.only ?? 'all';
  const began = performance.now();
  const interrupted = interruption(options.foreground === true);
  const started = await ensureSupervisor(config, part, say);
  if (!started) print('Millrace runs already; using it as it is.');
  const client = new ControlClient(layoutOf(config.home).socket);
  const disown = started && options.foreground === true ? client.own() : () => undefined;
  try {
    await showProgress(client, config, interrupted);
    if (!interrupted.aborted) announce(config, part, performance.now() - began, options.foreground === true);
    if (options.foreground === true && !interrupted.aborted) await watch(client, interrupted);
  } catch (error) {
    if (started && !(await isUsable(client))) await stopStack(config, say);
    throw error;
  } finally {
    if (options.foreground === true && started) {
      say(interrupted.aborted ? 'Stopping…' : 'Stopping what was started…');
      await stopStack(config, say);
      say('Everything has ended.');
    }
    disown();
  }
}

/** Aborts at the first Ctrl-C, hang-up or SIGTERM; a second one is not needed, and cuts nothing short. */
function interruption(wanted: boolean): AbortSignal {
  const controller = new AbortController();
  if (wanted) for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { controller.abort(); });
  return controller.signal;
}

async function showProgress(client: ControlClient, config: CliConfig, interrupted: AbortSignal): Promise<void> {
  const first = await client.stateOrNull();
  if (first === null) throw new CliError('The supervisor has ended', 'See the log: millrace logs supervisor', EXIT.internal);
  const watching = new ReadinessWatch(client, WHOLE_STARTS * config.env.MILLRACE_START_TIMEOUT_SECONDS * 1000, first);
  const began = performance.now();
  const errors: CliError[] = [];
  const names = [...first.processes, ...first.tasks].map(({ name }) => name);
  const list = new Listr(
    names.map((name) => ({
      title: name,
      task: async (_: unknown, task: { title: string }) => {
        const outcome = await watching.outcome(name);
        if (!outcome.ready) {
          errors.push(outcome.error);
          throw outcome.error;
        }
        task.title = `${name} ready after ${((performance.now() - began) / 1000).toFixed(1)} s`;
      },
    })),
    {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      fallbackRenderer: 'simple',
      rendererOptions: { showErrorMessage: false, collapseErrors: false },
    },
  );
  await Promise.all([watching.run(interrupted), list.run()]);
  const [worst] = errors;
  if (worst === undefined || interrupted.aborted) return;
  for (const error of errors.slice(1)) say(`millrace: ${error.message}`);
  throw worst;
}

/** With its infrastructure up the rest can be mended in place; without, nothing is left standing. */
async function isUsable(client: ControlClient): Promise<boolean> {
  const state = await client.stateOrNull();
  return state?.processes.every(({ kind, state: now }) => kind !== 'infra' || now === 'ready') ?? false;
}

function announce(config: CliConfig, part: Part, elapsedMs: number, foreground: boolean): void {
  print(`\nMillrace is up after ${(elapsedMs / 1000).toFixed(1)} s.`);
  if (part === 'all') print(`  Dashboard  http://127.0.0.1:${String(portOf(config, 'query-api'))}/`);
  print(`  Stop it    ${foreground ? 'Ctrl-C' : 'npm run millrace -- down'}`);
  print('  Look       millrace status, millrace logs -f [NAME]');
}

/** Tells of every death and recovery until interrupted. Throws when the supervisor itself goes away. */
async function watch(client: ControlClient, interrupted: AbortSignal): Promise<void> {
  let before = await client.stateOrNull();
  const isOver = (): boolean => interrupted.aborted;
  while (!isOver()) {
    await delay(WATCH_MS, undefined, { signal: interrupted }).catch(() => undefined);
    if (isOver()) return;
    const now = await client.stateOrNull();
    if (now === null) throw new CliError('The supervisor was ended by somebody else', 'Start again with: millrace up', EXIT.unavailable);
    tellChanges(before, now);
    before = now;
  }
}

function tellChanges(before: StackStatus | null, now: StackStatus): void {
  for (const one of now.processes) {
    const was = before?.processes.find(({ name }) => name === one.name);
    if (was === undefined || (was.restarts === one.restarts && was.state === one.state)) continue;
    if (one.restarts > was.restarts) say(`${one.name} died and is started again: ${one.cause ?? 'no cause known'}; log: ${one.logFile ?? ''}`);
    else if (one.state === 'ready') say(`${one.name} is ready`);
    else if (one.state === 'unready') say(`${one.name} is not ready: ${one.cause ?? ''}`);
  }
}
