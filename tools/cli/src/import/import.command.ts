import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { LIVE_LANE, type EventContract, parseLane } from '@millrace/contracts';
import { KafkaError, createKafka } from '@millrace/kafka';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CliError, EXIT } from '../cli-errors.js';
import { print, say } from '../commands/output.js';
import { type CliConfig, findRoot, loadConfig } from '../config/cli.config.js';
import { layoutOf } from '../config/layout.js';
import { ControlClient } from '../daemon/control-client.js';
import { addressesOf } from '../stack/addresses.js';
import { createLaneTopics } from '../stack/topics.js';
import { parseDuration } from './duration.js';
import { SpecError } from './import.errors.js';
import { type ImportPlan, ImportRun } from './import.run.js';
import { type ImportSummary, describeSummary } from './import.summary.js';
import { type DeliveryOptions } from './import.types.js';
import { findInputFiles } from './input.files.js';
import { KafkaTarget, clientIdOf } from './kafka.target.js';
import { type Mapping } from './mapping.compiler.js';
import { listMappings, loadMapping } from './mapping.loader.js';
import { showProgress } from './progress.printer.js';
import { RejectionReport } from './rejection.report.js';
import { RowSource } from './row.source.js';

const DRY_RUN_SAMPLES = 5;

interface Flags {
  readonly lane?: string;
  readonly speed?: number | 'max';
  readonly shiftToNow?: true;
  readonly dryRun?: true;
  readonly sample?: number;
  readonly report?: string;
  readonly shuffle: number;
  readonly seed: number;
  readonly duplicate: number;
  readonly limit?: number;
  readonly strict?: true;
  readonly json?: true;
}

export function importCommand(): Command {
  return new Command('import')
    .description("bring a shop's files into the event stream, by a mapping")
    .argument('<mapping>', 'a shipped mapping (list: millrace import list), or the path of a .yaml file')
    .argument('[files...]', 'CSV or JSON files (also .gz), folders, patterns, or - for standard input')
    .option('--lane <name>', "where to (default: a lane of the mapping's name, since history is late beside live traffic)", lane)
    .option('--speed <factor>', 'how much faster than it happened, or max (default: max; 1 with --shift-to-now)', speed)
    .option('--shift-to-now', 'move all times so that the events happen now: each as it is sent, or with --speed max the last one now')
    .option('--dry-run', 'map everything, publish nothing, show the first events')
    .option('--sample <count>', `events that a dry run shows (default: ${String(DRY_RUN_SAMPLES)})`, whole)
    .option('--report <file>', 'where rejected rows go: .csv, else JSON lines (default: .millrace/imports/<lane>.rejected.jsonl)')
    .addOption(new Option('--shuffle <duration>', 'delay each event at random by up to this much event time').argParser(duration).default(0, 'none'))
    .option('--seed <number>', 'of what --shuffle and --duplicate draw', whole, 1)
    .option('--duplicate <rate>', 'deliver this share of the events twice, 0 to 1', rate, 0)
    .option('--limit <count>', 'only the first events, in the order of delivery', whole)
    .option('--strict', 'exit with 1 where a row was rejected')
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', '\nA second run publishes nothing twice, and one that was broken off goes on. How to write a mapping: docs/importing.md')
    .action(run);
}

async function run(mappingName: string, paths: string[], flags: Flags): Promise<void> {
  const config = loadConfig();
  const shipped = join(findRoot(), 'deploy', 'mappings');
  if (mappingName === 'list') {
    for (const name of await listMappings(shipped)) print(`${name.padEnd(28)}${(await loadMapping(name, shipped)).title}`);
    return;
  }
  if (paths.length === 0) throw new CliError('No files to import', 'Name CSV or JSON files, folders, or - for standard input.', EXIT.usage);
  const mapping = await loadMapping(mappingName, shipped);
  const laneName = flags.lane ?? mapping.id;
  const source = new RowSource(mapping, await findInputFiles(paths));
  const report = new RejectionReport(flags.report ?? join(config.home, 'imports', `${laneName}.rejected.jsonl`));
  const target = flags.dryRun === true ? null : await openTarget(config, laneName, mapping);
  try {
    const options = optionsOf(flags);
    const samples = flags.dryRun === true ? (flags.sample ?? DRY_RUN_SAMPLES) : 0;
    const summary = await runUntilSignal({ mapping, source, report, target, lane: laneName, options, samples });
    if (target !== null && laneName !== LIVE_LANE) await hintAtLane(config, laneName, mapping, options);
    show(summary, flags);
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    throw new CliError(error.message, 'Check Kafka and the registry (millrace status), then run the same command again: it goes on where it ended.', EXIT.unavailable, { cause: error });
  } finally {
    await target?.close();
  }
}

function optionsOf(flags: Flags): DeliveryOptions {
  const shiftToNow = flags.shiftToNow === true;
  return {
    speed: flags.speed ?? (shiftToNow ? 1 : 'max'),
    shiftToNow,
    shuffleMs: flags.shuffle,
    seed: flags.seed,
    duplicateRate: flags.duplicate,
    limit: flags.limit ?? null,
  };
}

async function openTarget(config: CliConfig, laneName: string, mapping: Mapping): Promise<KafkaTarget> {
  let created: string[];
  try {
    created = await createLaneTopics(config, laneName);
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    throw new CliError(`Kafka does not answer: ${error.message}`, 'Start it (millrace up), or set MILLRACE_KAFKA_BROKERS.', EXIT.unavailable, { cause: error });
  }
  const { brokers, registryUrl } = addressesOf(config);
  const registryMode = config.env.MILLRACE_REGISTRY_MODE;
  const contracts = new Set(mapping.outputs.map((output): EventContract<unknown> => output.contract));
  const kafka = createKafka({ brokers: brokers.split(','), registryUrl, registryMode, lane: laneName, clientId: clientIdOf(mapping.id) });
  return new KafkaTarget(kafka, [...contracts], new Set(created));
}

/** The first signal ends it after the batch in hand; the second one at once, by the signal's own effect. */
async function runUntilSignal(plan: Omit<ImportPlan, 'signal'>): Promise<ImportSummary> {
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  const onSignal = (): void => {
    abort.abort();
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const importRun = new ImportRun({ ...plan, signal: abort.signal });
  const hideProgress = showProgress(importRun, process.stderr);
  try {
    return await importRun.run();
  } finally {
    hideProgress();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function show(summary: ImportSummary, flags: Flags): void {
  const { sample = [], ...rest } = summary;
  if (flags.json === true) print(JSON.stringify({ ...rest, ...(flags.dryRun === true ? { sample } : {}) }, null, 2));
  else {
    for (const event of sample) print(JSON.stringify(event));
    print(describeSummary(summary));
  }
  if (summary.interrupted) process.exitCode = EXIT.interrupted;
  else if (flags.strict === true && summary.rows.rejected > 0) process.exitCode = EXIT.failed;
}

/** A lane that nothing computes is easy to take for a broken one. */
async function hintAtLane(config: CliConfig, laneName: string, mapping: Mapping, { shuffleMs }: DeliveryOptions): Promise<void> {
  const state = await new ControlClient(layoutOf(config.home).socket).stateOrNull();
  if (state?.processes.some((one) => one.lane === laneName) === true) return;
  const minutes = Math.max(10, Math.ceil(shuffleMs / 60_000) + 1);
  say(`Nothing of the local stack computes lane ${laneName} yet: millrace lane up ${laneName} --lateness ${String(minutes)}m --time-zone ${mapping.timeZone}`);
}

function lane(text: string): string {
  try {
    return parseLane(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function speed(text: string): number | 'max' {
  if (text === 'max') return text;
  const factor = Number(text);
  if (!Number.isFinite(factor) || factor <= 0) throw new InvalidArgumentError('It must be max, or a factor above 0.');
  return factor;
}

function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function rate(text: string): number {
  const share = Number(text);
  if (!(share >= 0 && share <= 1) || text.trim() === '') throw new InvalidArgumentError('It must be between 0 and 1.');
  return share;
}

function duration(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof SpecError ? error.reason : String(error));
  }
}
