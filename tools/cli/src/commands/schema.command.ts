import { Command } from 'commander';
import { EXIT } from '../cli-errors.js';
import { loadConfig } from '../config/cli.config.js';
import { addressesOf } from '../stack/addresses.js';
import { print } from './output.js';

export function schemaCommand(): Command {
  const schema = new Command('schema').description('the Avro schemas in the registry');
  schema
    .command('register')
    .description('register every contract, FULL_TRANSITIVE, under <topic>-value')
    .action(async () => {
      // Loaded when it is needed: most commands never talk to the registry.
      const { orUnavailable, registerSchemas } = await import('../stack/schema-registry.js');
      const registered = await orUnavailable(registerSchemas(addressesOf(loadConfig()).registryUrl, 'register'));
      for (const { subject, id } of registered) print(`${subject}  id ${String(id)}`);
    });
  schema
    .command('check')
    .description('ask the registry whether every contract fits all its versions; exit code 1 where one does not')
    .option('--json', 'for programs')
    .action(async (options: { json?: true }) => {
      const { checkSchemas, orUnavailable } = await import('../stack/schema-registry.js');
      const verdicts = await orUnavailable(checkSchemas(addressesOf(loadConfig()).registryUrl));
      if (options.json === true) print(JSON.stringify(verdicts, null, 2));
      else for (const { subject, compatible, reason } of verdicts) print(`${compatible ? 'fits       ' : 'DOES NOT FIT'} ${subject} ${reason}`.trimEnd());
      if (verdicts.some(({ compatible }) => !compatible)) process.exitCode = EXIT.failed;
    });
  return schema;
}
