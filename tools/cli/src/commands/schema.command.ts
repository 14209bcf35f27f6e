import { Command } from 'commander';
import { CliError, EXIT } from '../cli-errors.js';
import { loadConfig } from '../config/cli.config.js';
import { addressesOf } from '../stack/addresses.js';
import { RegistryUnavailableError, checkSchemas, registerSchemas } from '../stack/schema-registry.js';
import { print } from './output.js';

export function schemaCommand(): Command {
  const schema = new Command('schema').description('the Avro schemas in the registry');
  schema
    .command('register')
    .description('register every contract, FULL_TRANSITIVE, under <topic>-value')
    .action(async () => {
      const registered = await orUnavailable(registerSchemas(addressesOf(loadConfig()).registryUrl));
      for (const { subject, id } of registered) print(`${subject}  id ${String(id)}`);
    });
  schema
    .command('check')
    .description('ask the registry whether every contract fits all its versions; exit code 1 where one does not')
    .option('--json', 'for programs')
    .action(async (options: { json?: true }) => {
      const verdicts = await orUnavailable(checkSchemas(addressesOf(loadConfig()).registryUrl));
      if (options.json === true) print(JSON.stringify(verdicts, null, 2));
      else for (const { subject, compatible, messages } of verdicts) print(`${compatible ? 'fits       ' : 'DOES NOT FIT'} ${subject} ${messages.join('; ')}`.trimEnd());
      if (verdicts.some(({ compatible }) => !compatible)) process.exitCode = EXIT.failed;
    });
  return schema;
}

async function orUnavailable<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof RegistryUnavailableError)) throw error;
    throw new CliError(error.message, 'Start it with millrace up, or correct MILLRACE_REGISTRY_URL.', EXIT.unavailable, { cause: error });
  }
}
