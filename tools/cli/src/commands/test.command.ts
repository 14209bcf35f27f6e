import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { execa } from 'execa';
import { CliError, EXIT } from '../cli-errors.js';
import { loadConfig, type CliConfig } from '../config/cli.config.js';
import { SET_NAMES, fetchSets, folderOf } from '../fetch/downloads.js';
import { addressEnv, addressesOf } from '../stack/addresses.js';
import { findPython } from '../stack/toolchain.js';
import { startTestStack, type TestStack } from '../test-stack.js';
import { say } from './output.js';

type Suite = 'test' | 'test:data' | 'faults' | 'check:python';

/** Jest projects of a suite. */
const PROJECTS: Readonly<Record<Exclude<Suite, 'check:python'>, readonly string[]>> = {
  'test': ['unit', 'integration', 'e2e'],
  'test:data': ['data'],
  'faults': ['unit', 'integration', 'e2e'],
};

/** A fault of docs/faults.md; the tests of one bear it in their names. */
const FAULT = /^[Ff]\d{1,2}$/;

/** What `npm test` and its kin run; the bootstrap calls it. */
export function testCommand(): Command {
  return new Command('test')
    .addArgument(new Argument('<suite>').choices(['test', 'test:data', 'faults', 'check:python']))
    .argument('[parameters...]', 'for Jest, and pytest is left out; after faults: the faults, such as F5')
    .action(async (suite: Suite, parameters: string[]) => {
      const config = loadConfig();
      process.exitCode = suite === 'check:python' ? await checkPython(config) : await runSuite(config, suite, parameters);
    });
}

async function runSuite(config: CliConfig, suite: Exclude<Suite, 'check:python'>, given: readonly string[]): Promise<number> {
  const { jest: parameters, pytest: filter } = suite === 'faults' ? faultFilters(given) : { jest: given, pytest: [] };
  const results = join(config.home, 'test-results');
  await mkdir(results, { recursive: true });
  await fetchSets(config, SET_NAMES, say);
  const stack = await stackFor(config);
  try {
    const env = { ...config.inherited, ...stack.env, ...dataEnv(config, suite), MILLRACE_CACHE: config.cache, MILLRACE_SPARK_JARS: folderOf(config, 'spark-jars') };
    const jest = await runJest(config, suite, parameters, env, join(results, `${suite.replace(':', '-')}.jest.json`));
    const python = suite === 'faults' || (suite === 'test' && parameters.length === 0);
    const pytest = python ? await runPytest(config, filter, env, join(results, `${suite}.python.junit.xml`)) : EXIT.ok;
    return jest === EXIT.ok ? pytest : jest;
  } finally {
    await stack.stop();
  }
}

/** What makes Jest and pytest run the tests of these faults, of all faults where none is named. Throws {@link CliError} for what is no fault. */
function faultFilters(faults: readonly string[]): { readonly jest: readonly string[]; readonly pytest: readonly string[] } {
  const wrong = faults.filter((fault) => !FAULT.test(fault));
  if (wrong.length > 0) throw new CliError(`${wrong.join(', ')} is no fault`, 'Name faults as docs/faults.md does, such as F5.', EXIT.usage);
  const names = faults.map((fault) => fault.toUpperCase());
  const pattern = names.length === 0 ? '\\bF\\d{1,2}\\b' : `\\b(${names.join('|')})\\b`;
  const expression = names.length === 0 ? 'test_f' : names.map((name) => `_${name}_`).join(' or ');
  return { jest: ['--testNamePattern', pattern, '--passWithNoTests'], pytest: ['-k', expression] };
}

/** The stack that the environment names whole, else one of our own. */
async function stackFor({ env, ...config }: CliConfig): Promise<TestStack> {
  const { MILLRACE_KAFKA_BROKERS: kafka, MILLRACE_REGISTRY_URL: registry, MILLRACE_REDIS_URL: redis, MILLRACE_POSTGRES_URL: postgres } = env;
  if ([kafka, registry, redis, postgres].every((address) => address !== undefined)) {
    return { env: addressEnv(addressesOf({ env, ...config })), stop: async () => Promise.resolve() };
  }
  say('starting Kafka, registry, Redis and PostgreSQL for the tests');
  return startTestStack();
}

async function runJest(config: CliConfig, suite: Exclude<Suite, 'check:python'>, parameters: readonly string[], env: Readonly<Record<string, string>>, report: string): Promise<number> {
  const projects = parameters.some((parameter) => parameter.startsWith('--selectProjects')) ? [] : ['--selectProjects', ...PROJECTS[suite]];
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning'];
  const jest = join(config.root, 'node_modules', 'jest', 'bin', 'jest.js');
  return runHere(process.execPath, [...flags, jest, ...projects, '--json', '--outputFile', report, ...parameters], { cwd: config.root, env });
}

async function runPytest(config: CliConfig, filter: readonly string[], env: Readonly<Record<string, string>>, report: string): Promise<number> {
  const NO_TESTS = 5;
  const code = await runHere(findPython(config), ['-m', 'pytest', `--junitxml=${report}`, ...filter], {
    cwd: join(config.root, 'spark-streaming'),
    env: { ...env, PYTHONPATH: join(config.root, 'spark-streaming', 'src') },
  });
  return code === NO_TESTS && filter.length > 0 ? EXIT.ok : code;
}

async function checkPython(config: CliConfig): Promise<number> {
  const cwd = join(config.root, 'spark-streaming');
  const python = findPython(config);
  const ruff = await runHere(python, ['-m', 'ruff', 'check', '.'], { cwd, env: config.inherited });
  const mypy = await runHere(python, ['-m', 'mypy'], { cwd, env: config.inherited });
  return ruff === EXIT.ok && mypy === EXIT.ok ? EXIT.ok : EXIT.failed;
}

function dataEnv(config: CliConfig, suite: Suite): Record<string, string> {
  if (suite !== 'test:data' || config.inherited['MILLRACE_DATA'] !== undefined) return {};
  const beside = join(config.root, '..', 'shared', 'data');
  if (existsSync(beside)) return { MILLRACE_DATA: beside };
  throw new CliError('The data sets are missing', 'Set MILLRACE_DATA to the folder that holds them.', EXIT.usage);
}

/** Ctrl-C reaches the runner too, which ends; the stack is stopped after it. */
async function runHere(program: string, parameters: readonly string[], options: { cwd: string; env: Readonly<Record<string, string>> }): Promise<number> {
  const ignore = (): void => undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, ignore);
  try {
    const { exitCode } = await execa(program, parameters, { ...options, extendEnv: false, stdio: 'inherit', reject: false });
    return exitCode ?? EXIT.failed;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, ignore);
  }
}
