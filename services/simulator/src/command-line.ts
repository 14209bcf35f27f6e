import { parseArgs, type ParseArgsConfig } from 'node:util';

/** The command line cannot be understood; the message says what is wrong in one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Flag {
  readonly env: string;
  readonly value?: string;
  readonly doc: string;
}

/** Each flag sets a variable of the environment and wins over it. */
const FLAGS: Readonly<Record<string, Flag>> = {
  seed: { env: 'MILLRACE_SIMULATOR_SEED', value: 'NAME', doc: 'names the world; the same seed, start and settings give the same bytes' },
  from: { env: 'MILLRACE_SIMULATOR_FROM', value: 'TIME', doc: 'backfill from this event time (ISO 8601), then go live' },
  until: { env: 'MILLRACE_SIMULATOR_UNTIL', value: 'TIME', doc: 'end of the backfill (default: now)' },
  speed: { env: 'MILLRACE_SIMULATOR_SPEED', value: 'FACTOR', doc: 'backfill speed: "max" (default) or event time per wall time' },
  count: { env: 'MILLRACE_SIMULATOR_COUNT', value: 'N', doc: 'end after N events, all streams together' },
  clickstream: { env: 'MILLRACE_SIMULATOR_CLICKSTREAM_RATE', value: 'RATE', doc: 'clickstream events per second (default 97)' },
  orders: { env: 'MILLRACE_SIMULATOR_ORDERS_RATE', value: 'RATE', doc: 'order events per second (default 3)' },
  profile: { env: 'MILLRACE_SIMULATOR_PROFILE', value: 'KIND', doc: 'b2c (default) or b2b' },
  lane: { env: 'MILLRACE_LANE', value: 'LANE', doc: 'lane to write to (default live)' },
  ledger: { env: 'MILLRACE_SIMULATOR_LEDGER', value: 'FILE', doc: 'write the ledger to this file at the end' },
  curves: { env: 'MILLRACE_SIMULATOR_CURVES', doc: 'follow the day and the week when live, too' },
  stop: { env: 'MILLRACE_SIMULATOR_STOP', doc: 'end after the backfill instead of going live' },
};

/** What the command line asks for. */
export interface Command {
  readonly help: boolean;
  readonly dryRun: boolean;
  /** Variables to set over the environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Reads the arguments after the program's name. Throws {@link UsageError}. */
export function parseCommandLine(args: readonly string[]): Command {
  const options: NonNullable<ParseArgsConfig['options']> = { help: { type: 'boolean', short: 'h' }, 'dry-run': { type: 'boolean' } };
  for (const [name, flag] of Object.entries(FLAGS)) options[name] = { type: flag.value === undefined ? 'boolean' : 'string' };
  const values = parse(args, options);
  const env: Record<string, string> = {};
  for (const [name, flag] of Object.entries(FLAGS)) {
    const value = values[name];
    if (value !== undefined) env[flag.env] = typeof value === 'string' ? value : 'true';
  }
  if (values['stop'] === true && values['from'] === undefined) throw new UsageError('--stop ends a backfill: give --from as well');
  if (values['stop'] === true || values['count'] !== undefined) env['MILLRACE_SIMULATOR_EXIT'] = 'true';
  return { help: values['help'] === true, dryRun: values['dry-run'] === true, env };
}

function parse(args: readonly string[], options: NonNullable<ParseArgsConfig['options']>): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const message = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
    throw new UsageError(message.split(/\. |\n/, 1)[0] ?? message);
  }
}

/** Text of `--help`. */
export function helpText(): string {
  const rows = Object.entries(FLAGS).map(([name, flag]) => row(flag.value === undefined ? `--${name}` : `--${name} ${flag.value}`, flag.doc));
  return [
    'Usage: simulator [options]',
    '',
    'Simulates a shop: shoppers, orders, stock and reviews, written to the shop topics of a lane.',
    '',
    ...rows,
    row('--dry-run', 'print the mix and the rates of the first events, without Kafka'),
    row('--help', 'print this'),
    '',
    'Everything else is set by MILLRACE_SIMULATOR_... variables: see the README.',
    '',
  ].join('\n');
}

function row(left: string, right: string): string {
  return `  ${left.padEnd(20)} ${right}`;
}
