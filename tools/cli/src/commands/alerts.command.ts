import { join } from 'node:path';
import { Command } from 'commander';
import { execa } from 'execa';
import { EXIT } from '../cli-errors.js';
import { findRoot } from '../config/cli.config.js';

/** Hands everything to the notifier, whose rules of routing these are. */
export function alertsCommand(): Command {
  return new Command('alerts')
    .description('check an alertmanager.yml; say offline who would be told of an alert, and why')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[parameters...]', 'see: millrace alerts --help')
    .action(async (parameters: string[]) => {
      // A file that is named is meant from where the user stands.
      const result = await execa(process.execPath, [join(findRoot(), 'services', 'notifier', 'dist', 'main.js'), 'alerts', ...parameters], { cwd: process.cwd(), stdio: 'inherit', reject: false });
      process.exitCode = result.exitCode ?? EXIT.internal;
    });
}
