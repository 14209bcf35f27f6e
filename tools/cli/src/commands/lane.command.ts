import { LIVE_LANE, LaneNameError, inLane, parseLane } from '@millrace/contracts';
import { Command, InvalidArgumentError } from 'commander';
import { CliError, EXIT, messageOf } from '../cli-errors.js';
import { loadConfig, type CliConfig } from '../config/cli.config.js';
import { layoutOf } from '../config/layout.js';
import { ControlClient, NoSupervisorError } from '../daemon/control-client.js';
import { ReadinessWatch } from '../daemon/readiness.js';
import { LaneStore, type LaneRecord } from '../lane/lane-store.js';
import { LANE_PROCESSES, type LaneProcess } from '../stack/process-table.js';
import { print, table } from './output.js';

interface LaneOptions {
  readonly timeZone?: string;
  readonly lateness?: string;
  readonly services: LaneProcess[];
}

export function laneCommand(): Command {
  const lane = new Command('lane').description('isolated runs of the whole path beside the live one');
  lane
    .command('up')
    .description('create the topics of a lane and start its processes')
    .argument('<name>', 'of the lane', laneName)
    .option('--time-zone <zone>', 'where its days and months begin, such as Europe/Berlin', timeZone)
    .option('--lateness <duration>', 'how late an event may be and still count, such as 30m', duration)
    .option('--services <list>', 'what runs in it, by comma', processList, ['spark', 'metrics-sink'])
    .action(laneUp);
  lane
    .command('down')
    .description('end its processes and remove all of it: topics, groups, keys, rows, checkpoints')
    .argument('<name>', 'of the lane', laneName)
    .action(laneDown);
  lane
    .command('list')
    .description('the lanes that have been made')
    .option('--json', 'for programs')
    .action(laneList);
  return lane;
}

async function laneUp(name: string, options: LaneOptions): Promise<void> {
  const config = loadConfig();
  const layout = layoutOf(config.home);
  const client = new ControlClient(layout.socket);
  if ((await client.stateOrNull()) === null) throw notRunning();
  const { createLaneTopics } = await import('../stack/topics.js');
  await createLaneTopics(config, name);
  const env = {
    ...(options.timeZone === undefined ? {} : { MILLRACE_SHOP_TIME_ZONE: options.timeZone }),
    ...(options.lateness === undefined ? {} : { MILLRACE_SPARK_ALLOWED_LATENESS: options.lateness }),
  };
  const record: LaneRecord = { lane: name, processes: options.services, env, createdAt: new Date().toISOString() };
  await new LaneStore(layout).save(record);
  await client.addLane({ lane: name, processes: options.services, env });
  await waitForLane(client, config, record);
  print(`Lane ${name} is up: ${options.services.join(', ')}.`);
}

async function waitForLane(client: ControlClient, config: CliConfig, { lane, processes }: LaneRecord): Promise<void> {
  const state = await client.stateOrNull();
  if (state === null) throw notRunning();
  const names = new Set(processes.map((name) => inLane(lane, name)));
  const watch = new ReadinessWatch(client, config.env.MILLRACE_START_TIMEOUT_SECONDS * 1000, {
    processes: state.processes.filter((one) => names.has(one.name)),
    tasks: [],
  });
  await watch.run(new AbortController().signal);
  for (const name of names) {
    const outcome = await watch.outcome(name);
    if (!outcome.ready) throw outcome.error;
  }
}

async function laneDown(name: string): Promise<void> {
  const config = loadConfig();
  const layout = layoutOf(config.home);
  await new ControlClient(layout.socket).removeLane(name).catch((error: unknown) => {
    if (!(error instanceof NoSupervisorError)) throw error;
  });
  const { removeLaneData } = await import('../lane/lane-removal.js');
  const removed = await removeLaneData(config, name).catch((error: unknown) => {
    throw new CliError(
      `Lane ${name} cannot be removed: ${messageOf(error)}`,
      'Kafka, Redis and PostgreSQL must be up for it: millrace up --only infra, then again.',
      EXIT.unavailable,
      { cause: error },
    );
  });
  await new LaneStore(layout).remove(name);
  print(`Lane ${name} is gone: ${String(removed.topics)} topics, ${String(removed.groups)} groups, ${String(removed.redisKeys)} keys, ${String(removed.rows)} rows.`);
}

async function laneList(options: { json?: true }): Promise<void> {
  const layout = layoutOf(loadConfig().home);
  const [lanes, state] = await Promise.all([new LaneStore(layout).list(), new ControlClient(layout.socket).stateOrNull()]);
  const rows = lanes.map((lane) => ({ ...lane, running: state?.processes.filter((one) => one.lane === lane.lane) ?? [] }));
  if (options.json === true) print(JSON.stringify(rows, null, 2));
  else if (rows.length === 0) print('No lane but live.');
  else print(table([['LANE', 'MADE', 'PROCESSES'], ...rows.map((row) => [row.lane, row.createdAt, describe(row.running) || 'not running'])]));
}

function describe(running: readonly { readonly name: string; readonly state: string }[]): string {
  return running.map(({ name, state }) => `${name} ${state}`).join(', ');
}

function notRunning(): CliError {
  return new CliError('Nothing is running', 'Start it first: millrace up', EXIT.unavailable);
}

function laneName(text: string): string {
  if (text === LIVE_LANE) throw new InvalidArgumentError('The live lane is run by millrace up and down.');
  try {
    return parseLane(text);
  } catch (error) {
    if (error instanceof LaneNameError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

function timeZone(text: string): string {
  if (!Intl.supportedValuesOf('timeZone').includes(text) && text !== 'UTC') throw new InvalidArgumentError('It must be an IANA name such as Europe/Berlin.');
  return text;
}

function duration(text: string): string {
  if (!/^\d+[mh]$/.test(text)) throw new InvalidArgumentError('It must be whole minutes or hours, such as 30m or 2h.');
  return text;
}

function processList(text: string): LaneProcess[] {
  return text.split(',').map((part) => {
    const found = LANE_PROCESSES.find((name) => name === part.trim());
    if (found === undefined) throw new InvalidArgumentError(`"${part}" is none of ${LANE_PROCESSES.join(', ')}.`);
    return found;
  });
}
