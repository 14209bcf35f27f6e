import { ConfigError, EXIT_CONFIG, readConfig, runService } from '@millrace/service-kit';
import { helpText, parseCommandLine, UsageError, type Command } from './command-line.js';
import { dryRun } from './dry-run.js';
import { simulatorSettings } from './simulator.config.js';
import { SimulatorModule } from './simulator.module.js';

/** Exit code of a command line that cannot be understood (sysexits EX_USAGE). */
const EXIT_USAGE = 64;

function fail(message: string, code: number): never {
  process.stderr.write(`simulator: ${message}\n`);
  process.exit(code);
}

function read(args: readonly string[]): Command {
  try {
    const command = parseCommandLine(args);
    readConfig(simulatorSettings, { ...process.env, ...command.env });
    return command;
  } catch (error) {
    if (error instanceof UsageError) fail(`${error.message}; --help lists the options`, EXIT_USAGE);
    if (error instanceof ConfigError) fail(error.message, EXIT_CONFIG);
    throw error;
  }
}

const command = read(process.argv.slice(2));
Object.assign(process.env, command.env);
if (command.help) process.stdout.write(helpText());
else if (command.dryRun) process.stdout.write(dryRun(readConfig(simulatorSettings, process.env), Date.now()));
else await runService({ name: 'simulator', settings: simulatorSettings, module: SimulatorModule });
