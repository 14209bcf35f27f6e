import { Command, Option } from 'commander';
import { loadConfig } from '../config/cli.config.js';
import { runDaemon } from '../daemon/supervisor.daemon.js';
import type { Part } from '../daemon/stack-runner.js';

/** The supervisor itself; `up` starts it. */
export function daemonCommand(): Command {
  return new Command('daemon')
    .addOption(new Option('--only <part>').choices(['infra', 'all']).default('all'))
    .action(async ({ only }: { only: Part }) => runDaemon(loadConfig(), only));
}
