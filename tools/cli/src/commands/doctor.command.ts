import { existsSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { CliError, EXIT, messageOf } from '../cli-errors.js';
import { loadConfig, type CliConfig } from '../config/cli.config.js';
import { layoutOf } from '../config/layout.js';
import { ControlClient } from '../daemon/control-client.js';
import { SET_NAMES, findMissing } from '../fetch/downloads.js';
import { runProbe } from '../process/health-probe.js';
import { findBusyPorts } from '../process/port-check.js';
import { addressesOf, withoutPassword } from '../stack/addresses.js';
import { SERVICES, stackSpecs } from '../stack/process-table.js';
import { findIvy, findJava, findPostgres, findPython, findRedis, unprivilegedUser } from '../stack/toolchain.js';
import { print } from './output.js';

/** One line of `millrace doctor`. A warning does not stop `up`. */
export interface Finding {
  readonly check: string;
  readonly verdict: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  readonly remedy: string | null;
}

const DISK_BYTES = 2 * 2 ** 30;
/** Kafka, registry, PostgreSQL, Redis, Spark and five services at rest, with room to work. */
const MEMORY_BYTES = 3 * 2 ** 30;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('look for what would keep `up` from working; exit code 1 where something would')
    .option('--json', 'for programs')
    .action(async (options: { json?: true }) => {
      const findings = await examine(loadConfig());
      if (options.json === true) print(JSON.stringify(findings, null, 2));
      else for (const finding of findings) print(render(finding));
      if (findings.some(({ verdict }) => verdict === 'failed')) process.exitCode = EXIT.failed;
    });
}

export async function examine(config: CliConfig): Promise<Finding[]> {
  const { env } = config;
  const local = env.MILLRACE_KAFKA_BROKERS === undefined || env.MILLRACE_REGISTRY_URL === undefined;
  const findings = [
    ok('Node', process.version),
    await check('Java', async () => findJava(config), local),
    await check('Python venv', () => findPython(config)),
    await check('Ivy (in pyspark)', () => findIvy(config)),
    await check('Redis', () => findRedis(config), env.MILLRACE_REDIS_URL === undefined),
    await check('PostgreSQL', () => `${findPostgres()}${userNote()}`, env.MILLRACE_POSTGRES_URL === undefined),
    built(config),
    await downloads(config),
    disk('disk of the state', config.home),
    disk('disk of the downloads', config.cache),
    freemem() < MEMORY_BYTES ? warning('memory', `${gibibytes(freemem())} free`, `The whole system wants ${gibibytes(MEMORY_BYTES)}; see MILLRACE_SPARK_HEAP.`) : ok('memory', `${gibibytes(freemem())} free`),
  ];
  return [...findings, ...(await ports(config)), ...(await externals(config))];
}

async function check(name: string, look: () => string | Promise<string>, wanted = true): Promise<Finding> {
  if (!wanted) return ok(name, 'not needed: an address of yours is set');
  try {
    return ok(name, await look());
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { check: name, verdict: 'failed', detail: error.message, remedy: error.remedy };
  }
}

function built(config: CliConfig): Finding {
  const missing = SERVICES.filter((name) => !existsSync(join(config.root, 'services', name, 'dist', 'main.js')));
  if (missing.length === 0) return ok('build', 'every service is built');
  return { check: 'build', verdict: 'failed', detail: `not built: ${missing.join(', ')}`, remedy: 'Run npm start: it builds what has changed.' };
}

async function downloads(config: CliConfig): Promise<Finding> {
  const missing = await findMissing(config, SET_NAMES);
  if (missing.length === 0) return ok('downloads', config.cache);
  return warning('downloads', `missing: ${missing.join(', ')}`, 'The next millrace up fetches them (about 200 MB).');
}

async function ports(config: CliConfig): Promise<Finding[]> {
  const layout = layoutOf(config.home);
  if ((await new ControlClient(layout.socket).stateOrNull()) !== null) return [ok('ports', 'in use by this stack, which runs')];
  try {
    const specs = await stackSpecs(config, layout, 'all');
    const needs = specs.flatMap((spec) => (spec.type === 'managed' ? spec.ports : []));
    const busy = await findBusyPorts(needs);
    if (busy.length === 0) return [ok('ports', `${needs.map(({ port }) => port).join(', ')} are free`)];
    return busy.map((error) => ({ check: 'ports', verdict: 'failed', detail: error.message, remedy: error.remedy }));
  } catch (error) {
    // What is missing has been told above.
    if (error instanceof CliError) return [];
    throw error;
  }
}

async function externals(config: CliConfig): Promise<Finding[]> {
  const { env } = config;
  const addresses = addressesOf(config);
  const asked = [
    { set: env.MILLRACE_KAFKA_BROKERS, name: 'your Kafka', probe: { type: 'kafka', brokers: addresses.brokers.split(',') } },
    { set: env.MILLRACE_REGISTRY_URL, name: 'your registry', probe: { type: 'http', url: `${addresses.registryUrl}/subjects` } },
    { set: env.MILLRACE_REDIS_URL, name: 'your Redis', probe: { type: 'redis', url: addresses.redisUrl } },
    { set: env.MILLRACE_POSTGRES_URL, name: 'your PostgreSQL', probe: { type: 'postgres', url: addresses.postgresUrl } },
  ] as const;
  return Promise.all(
    asked.flatMap(({ set, name, probe }) => {
      if (set === undefined) return [];
      const failed = (error: unknown): Finding => ({
        check: name,
        verdict: 'failed',
        detail: `${withoutPassword(set)}: ${messageOf(error)}`,
        remedy: 'Start it, or unset its address to have a local one.',
      });
      return [runProbe(probe).then(() => ok(name, withoutPassword(set)), failed)];
    }),
  );
}

function disk(name: string, path: string): Finding {
  let folder = path;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const free = `${gibibytes(bavail * bsize)} free under ${folder}`;
  return bavail * bsize < DISK_BYTES ? warning(name, free, 'Free some space, or set MILLRACE_HOME and MILLRACE_CACHE.') : ok(name, free);
}

function userNote(): string {
  const user = unprivilegedUser();
  return user === null ? '' : ` (as ${user.name}: we are root)`;
}

function ok(name: string, detail: string): Finding {
  return { check: name, verdict: 'ok', detail, remedy: null };
}

function warning(name: string, detail: string, remedy: string): Finding {
  return { check: name, verdict: 'warning', detail, remedy };
}

function render({ check: name, verdict, detail, remedy }: Finding): string {
  const mark = { ok: '✔', warning: '!', failed: '✖' }[verdict];
  return `${mark} ${name}: ${detail}${remedy === null ? '' : `\n    ${remedy}`}`;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
