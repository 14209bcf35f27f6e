import { Command } from 'commander';
import { loadConfig } from '../config/cli.config.js';
import { SET_NAMES, fetchSets, folderOf } from '../fetch/downloads.js';
import { print, say } from './output.js';

export function fetchCommand(): Command {
  return new Command('fetch').description('bring what `up` needs from Maven Central into the cache, checked by SHA-512').action(async () => {
    const config = loadConfig();
    await fetchSets(config, SET_NAMES, say);
    for (const set of SET_NAMES) print(folderOf(config, set));
  });
}
