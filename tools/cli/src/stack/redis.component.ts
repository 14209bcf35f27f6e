import { mkdir } from 'node:fs/promises';
import type { CliConfig } from '../config/cli.config.js';
import type { Layout } from '../config/layout.js';
import type { ManagedSpec } from '../process/process-table.types.js';

/** Redis with an append-only file, so that a crash costs a second of writes at most. */
export function redisSpec(config: CliConfig, layout: Layout, server: string): ManagedSpec {
  const port = config.env.MILLRACE_REDIS_PORT;
  const folder = layout.data('redis');
  const url = `redis://127.0.0.1:${String(port)}/0`;
  return {
    type: 'managed',
    name: 'redis',
    kind: 'infra',
    lane: null,
    dependsOn: [],
    command: [server, '--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--appendonly', 'yes', '--save', ''],
    cwd: config.root,
    env: {},
    ports: [{ port, component: 'Redis', variable: 'MILLRACE_REDIS_PORT' }],
    address: url,
    probe: { type: 'redis', url },
    stopSignal: 'SIGTERM',
    graceMs: 10_000,
    prepare: async () => {
      await mkdir(folder, { recursive: true });
    },
  };
}
