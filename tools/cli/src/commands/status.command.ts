import { Command } from 'commander';
import { EXIT } from '../cli-errors.js';
import { loadConfig, type CliConfig } from '../config/cli.config.js';
import { layoutOf } from '../config/layout.js';
import { ControlClient } from '../daemon/control-client.js';
import { findOrphans } from '../daemon/orphans.js';
import type { ProcessStatus } from '../process/supervisor.js';
import { withoutPassword } from '../stack/addresses.js';
import { portOf } from '../stack/process-table.js';
import { print, table } from './output.js';

/** Answer of `millrace status --json`. */
export interface StatusReport {
  readonly running: boolean;
  /** Processes that a killed supervisor has left behind. */
  readonly orphans: readonly string[];
  readonly lane: string;
  readonly dashboard: string;
  readonly api: string;
  readonly processes: readonly ProcessStatus[];
}

export function statusCommand(): Command {
  return new Command('status')
    .description('what runs; exit code 1 unless everything is ready')
    .option('--json', 'for programs')
    .action(async (options: { json?: true }) => {
      const report = await statusOf(loadConfig());
      print(options.json === true ? JSON.stringify(report, null, 2) : render(report));
      const ready = report.running && report.processes.every(({ state }) => state === 'ready');
      process.exitCode = ready ? EXIT.ok : EXIT.failed;
    });
}

export async function statusOf(config: CliConfig): Promise<StatusReport> {
  const layout = layoutOf(config.home);
  const state = await new ControlClient(layout.socket).stateOrNull();
  const orphans = state === null ? (await findOrphans(layout.run)).map(({ name }) => name) : [];
  const api = `http://127.0.0.1:${String(portOf(config, 'query-api'))}`;
  return { running: state !== null, orphans, lane: config.lane, dashboard: `${api}/`, api, processes: state?.processes ?? [] };
}

function render(report: StatusReport): string {
  if (report.orphans.length > 0) return `The supervisor was killed; still running: ${report.orphans.join(', ')}. End them with: millrace down`;
  if (!report.running) return 'Nothing is running. Start it with: millrace up';
  const rows = report.processes.map((one) => [
    one.name,
    one.external ? `${one.state} (external)` : one.state,
    one.pid === null ? '-' : String(one.pid),
    one.memory === null ? '-' : `${String(Math.round(one.memory / 2 ** 20))} MiB`,
    String(one.restarts),
    withoutPassword(one.address),
    one.state === 'ready' ? '' : (one.cause ?? ''),
  ]);
  const lines = table([['NAME', 'STATE', 'PID', 'MEMORY', 'RESTARTS', 'ADDRESS', ''], ...rows]);
  return `${lines}\n\nDashboard ${report.dashboard}   lane ${report.lane}`;
}
