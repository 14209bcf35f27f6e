import type { CommanderError } from 'commander';
import { Command } from 'commander';
import { EXIT } from './cli-errors.js';
import { alertsCommand } from './commands/alerts.command.js';
import { daemonCommand } from './commands/daemon.command.js';
import { doctorCommand } from './commands/doctor.command.js';
import { downCommand } from './commands/down.command.js';
import { fetchCommand } from './commands/fetch.command.js';
import { fraudCommand } from './commands/fraud.command.js';
import { laneCommand } from './commands/lane.command.js';
import { logsCommand } from './commands/logs.command.js';
import { schemaCommand } from './commands/schema.command.js';
import { statusCommand } from './commands/status.command.js';
import { testCommand } from './commands/test.command.js';
import { topicsCommand } from './commands/topics.command.js';
import { upCommand } from './commands/up.command.js';

const CODES = `
Exit codes: 0 done, 1 a check found something, 64 wrong use, 65 bad data (checksum, schema), 69 something is not available,
70 a fault of our own, 71 the machine lacks something, 73 disk full, 75 try again later, 78 wrong configuration.
Configuration is by environment variables MILLRACE_*, also in .env: see docs/reference/env.md.`;

/** The whole command line. Wrong use throws a CommanderError after it has been explained. */
export async function createProgram(): Promise<Command> {
  const program = new Command('millrace').description('Runs and looks after Millrace: an online shop\'s event stream end to end.').addHelpText('after', CODES);
  const commands = [
    upCommand(), downCommand(), statusCommand(), logsCommand(), doctorCommand(), laneCommand(), topicsCommand(), schemaCommand(), alertsCommand(), fraudCommand(), fetchCommand(),
  ];
  for (const command of [...commands, await importer()]) program.addCommand(command);
  for (const command of [daemonCommand(), testCommand()]) program.addCommand(command, { hidden: true });
  for (const command of everyCommand(program)) command.exitOverride().showHelpAfterError('(see --help)');
  return program;
}

/** Exit code for what commander throws: help that was asked for is no failure. */
export function exitCodeOf(error: CommanderError): number {
  return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** Loaded only when it is used: its parsers are heavy. */
async function importer(): Promise<Command> {
  if (process.argv[2] !== 'import') return new Command('import').description('bring data of a shop into the event stream');
  const { importCommand } = await import('./import/import.command.js');
  return importCommand();
}
