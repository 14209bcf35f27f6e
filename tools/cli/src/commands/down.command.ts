import { Command } from 'commander';
import { loadConfig } from '../config/cli.config.js';
import { stopStack } from '../daemon/stack-runner.js';
import { print, say } from './output.js';

export function downCommand(): Command {
  return new Command('down').description('drain and end everything, also what a killed supervisor left behind').action(async () => {
    const ran = await stopStack(loadConfig(), say);
    print(ran ? 'Everything has ended.' : 'Nothing is running.');
  });
}
