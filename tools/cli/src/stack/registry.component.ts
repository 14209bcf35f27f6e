import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CliConfig } from '../config/cli.config.js';
import type { Layout } from '../config/layout.js';
import type { ManagedSpec } from '../process/process-table.types.js';

/** Apicurio with its schemas in a file: in memory a restart would hand out ids anew, and old records would name the wrong schema. */
export function registrySpec(config: CliConfig, layout: Layout, java: string, distribution: string): ManagedSpec {
  const { MILLRACE_REGISTRY_PORT: port, MILLRACE_REGISTRY_HEAP: heap } = config.env;
  const folder = layout.data('registry');
  const url = `http://127.0.0.1:${String(port)}/apis/ccompat/v7`;
  return {
    type: 'managed',
    name: 'registry',
    kind: 'infra',
    lane: null,
    dependsOn: [],
    command: [
      java,
      `-Xmx${heap}`,
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${String(port)}`,
      // Without the zero an answered registration may be lost when the process is killed, and its id given to another schema.
      `-Dquarkus.datasource.jdbc.url=jdbc:h2:file:${join(folder, 'schemas')};WRITE_DELAY=0`,
      '-Dquarkus.datasource.jdbc.initial-size=2',
      '-Dquarkus.datasource.jdbc.min-size=2',
      '-Dquarkus.datasource.jdbc.max-size=20',
      '-Dquarkus.log.console.json=false',
      '-Dquarkus.banner.enabled=false',
      '-jar',
      join(distribution, 'apicurio-registry-app-2.6.13.Final-runner.jar'),
    ],
    cwd: config.root,
    env: {},
    ports: [{ port, component: 'schema registry', variable: 'MILLRACE_REGISTRY_PORT' }],
    address: url,
    probe: { type: 'http', url: `${url}/subjects` },
    stopSignal: 'SIGTERM',
    graceMs: 10_000,
    prepare: async () => {
      await mkdir(folder, { recursive: true });
    },
  };
}
