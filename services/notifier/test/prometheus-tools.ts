import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A tool of Prometheus's is not there. */
export class NoToolError extends Error {
  override readonly name = 'NoToolError';
  constructor(path: string, debian: string, variable: string) {
    super(`${path} is not there: install it (Debian: apt-get install ${debian}), or name it with ${variable}`);
  }
}

function program(name: string, debian: string, variable: string): string {
  const path = process.env[variable] ?? `/usr/bin/${name}`;
  if (!existsSync(path)) throw new NoToolError(path, debian, variable);
  return path;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs the real amtool against a notifier. Throws {@link NoToolError}. */
export async function amtool(url: string, ...parameters: readonly string[]): Promise<Ran> {
  const path = program('amtool', 'prometheus-alertmanager', 'MILLRACE_AMTOOL');
  try {
    const { stdout, stderr } = await promisify(execFile)(path, [`--alertmanager.url=${url}`, ...parameters], { timeout: 30_000 });
    return { code: 0, out: stdout, error: stderr };
  } catch (error) {
    const failed = error as { code?: number; stdout?: string; stderr?: string };
    return { code: failed.code ?? 1, out: failed.stdout ?? '', error: failed.stderr ?? '' };
  }
}

/** A real Prometheus that has one rule, which fires, and sends its alerts to a notifier each second. Throws {@link NoToolError}. */
export async function startPrometheus(folder: string, notifierUrl: string): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const path = program('prometheus', 'prometheus', 'MILLRACE_PROMETHEUS');
  const listen = `127.0.0.1:${String(await freePort())}`;
  await writeFile(join(folder, 'prom-rules.yml'), 'groups:\n  - name: g\n    interval: 1s\n    rules:\n      - { alert: Always, expr: vector(1) > 0, labels: { severity: warning }, annotations: { summary: "It is {{ $value }}" } }\n');
  await writeFile(join(folder, 'prometheus.yml'), `global: { evaluation_interval: 1s }\nrule_files: [prom-rules.yml]\nalerting: { alertmanagers: [{ static_configs: [{ targets: ["${new URL(notifierUrl).host}"] }] }] }\n`);
  const child = spawn(path, [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`, `--web.listen-address=${listen}`, '--rules.alert.resend-delay=1s'], { stdio: 'ignore' });
  return {
    url: `http://${listen}`,
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
