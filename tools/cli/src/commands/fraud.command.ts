import { LIVE_LANE } from '@millrace/contracts';
import { Command } from 'commander';
import { execa } from 'execa';
import { EXIT } from '../cli-errors.js';
import { loadConfig } from '../config/cli.config.js';
import { fetchSets } from '../fetch/downloads.js';
import { processSpec } from '../stack/process-table.js';
import { findPython } from '../stack/toolchain.js';
import { say } from './output.js';

/** Hands everything to the Python command, in the environment that the scoring job has. */
export function fraudCommand(): Command {
  return new Command('fraud')
    .description('train, compare and publish what scores the orders; rules, models, features, rings')
    .helpOption(false)
    .allowUnknownOption()
    .option('--lane <name>', 'lane to read', LIVE_LANE)
    .argument('[parameters...]', 'see: millrace fraud --help')
    .action(async (parameters: string[], { lane }: { readonly lane: string }) => {
      const config = loadConfig();
      await fetchSets(config, ['spark-jars'], say);
      const { env } = processSpec(config, 'spark-fraud', { lane, port: 0, env: {} });
      const result = await execa(findPython(config), ['-m', 'millrace_streaming.jobs.fraud', ...parameters], {
        // A file that is named is meant from where the user stands.
        cwd: process.cwd(), env: { ...config.inherited, ...env }, extendEnv: false, stdio: 'inherit', reject: false,
      });
      process.exitCode = result.exitCode ?? EXIT.internal;
    });
}
