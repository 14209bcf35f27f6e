import { CommanderError } from 'commander';
import { createProgram, exitCodeOf } from './cli.program.js';
import { systemCode } from './cli-errors.js';
import { report } from './commands/output.js';

// Whoever reads our output may stop early: `millrace logs | head` is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (systemCode(error) !== 'EPIPE') throw error;
    process.exit();
  });
}

try {
  await (await createProgram()).parseAsync();
} catch (error) {
  process.exitCode = error instanceof CommanderError ? exitCodeOf(error) : report(error);
}
