import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '@millrace/testing';
import { z } from 'zod';
import { ROOT } from './compose.js';
import { freePort } from './container.js';

/** There is no Prometheus to ask. */
export class NoPrometheusError extends Error {
  override readonly name = 'NoPrometheusError';
  constructor(readonly path: string) {
    super(`${path} is not there: install Prometheus (Debian: apt-get install prometheus), or name it with MILLRACE_PROMETHEUS`);
  }
}

/** Prometheus refused a query. */
export class QueryFailedError extends Error {
  override readonly name = 'QueryFailedError';
}

const answer = z.object({
  status: z.string(),
  error: z.string().optional(),
  data: z.object({ result: z.array(z.unknown()).optional() }).or(z.array(z.string())).optional(),
});

/** A real Prometheus with the product's own configuration, its targets replaced by where they are here. */
export class Prometheus {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** @param targets from the address in the configuration, such as `ruler:8103`, to `host:port`. Throws {@link NoPrometheusError}. */
  static async start(folder: string, targets: ReadonlyMap<string, string>): Promise<Prometheus> {
    const program = process.env['MILLRACE_PROMETHEUS'] ?? '/usr/bin/prometheus';
    if (!existsSync(program)) throw new NoPrometheusError(program);
    let config = await readFile(`${ROOT}deploy/prometheus/prometheus.yml`, 'utf8');
    for (const [there, here] of targets) config = config.replace(there, here);
    const file = join(folder, 'prometheus.yml');
    await writeFile(file, config.replace(/scrape_interval: .*/, 'scrape_interval: 1s').replace(/scrape_timeout: .*/, 'scrape_timeout: 1s'));
    const listen = `127.0.0.1:${String(await freePort())}`;
    const child = spawn(program, [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`, `--web.listen-address=${listen}`], { stdio: 'ignore' });
    const prometheus = new Prometheus(child, `http://${listen}`);
    await until('Prometheus to be ready', async () => (await fetch(`${prometheus.url}/-/ready`)).ok);
    return prometheus;
  }

  /** Number of series in the answer. Throws {@link QueryFailedError} with Prometheus's own words. */
  async count(path: string, query: Readonly<Record<string, string>>): Promise<number> {
    const response = await fetch(`${this.url}${path}?${new URLSearchParams(query).toString()}`);
    const { status, error, data } = answer.parse(await response.json());
    if (status !== 'success' || data === undefined) throw new QueryFailedError(`${JSON.stringify(query)}: ${error ?? status}`);
    return Array.isArray(data) ? data.length : (data.result?.length ?? 0);
  }

  async stop(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exit;
  }
}
