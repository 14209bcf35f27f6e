import { LIVE_LANE } from '@millrace/contracts';
import type { CliConfig } from '../config/cli.config.js';
import { layoutOf } from '../config/layout.js';
import { removePidFile, writePidFile } from '../process/pid-file.js';
import { pickFreePorts } from '../process/port-check.js';
import { Supervisor } from '../process/supervisor.js';
import { dashboardEnv, processSpec, stackSpecs } from '../stack/process-table.js';
import { serveControl } from './control-server.js';
import type { LaneRequest } from './control.types.js';
import { SUPERVISOR } from './orphans.js';

/** Runs the stack until it is told to stop; resolves when everything has ended. One per MILLRACE_HOME. */
export async function runDaemon(config: CliConfig, only: 'infra' | 'all'): Promise<void> {
  const layout = layoutOf(config.home);
  await writePidFile(layout.run, SUPERVISOR, process.pid, layout.home);
  const supervisor = new Supervisor({
    layout,
    inherited: config.inherited,
    startTimeoutMs: config.env.MILLRACE_START_TIMEOUT_SECONDS * 1000,
    logMaxBytes: config.env.MILLRACE_LOG_MAX_BYTES,
  });
  const lanes = new Map<string, readonly string[]>();
  let stopNow: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    stopNow = resolve;
  });
  supervisor.add(await stackSpecs(config, layout, only));
  const server = await serveControl(layout.socket, {
    state: () => supervisor.snapshot(),
    stop: stopNow,
    ownerLeft: stopNow,
    addLane: async (request) => addLane(config, supervisor, lanes, request),
    removeLane: async (lane) => {
      await supervisor.remove(lanes.get(lane) ?? []);
      lanes.delete(lane);
    },
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stopNow);
  await stopped;
  await supervisor.stop();
  await removePidFile(layout.run, SUPERVISOR);
  server.close();
  server.closeAllConnections();
}

async function addLane(config: CliConfig, supervisor: Supervisor, lanes: Map<string, readonly string[]>, request: LaneRequest): Promise<void> {
  const { lane, processes, env } = request;
  if (lane === LIVE_LANE || lanes.has(lane)) return;
  const ports = await pickFreePorts(processes.length);
  // A lane's dashboard asks its own fraud desk and notifier, or none; never those of another lane.
  const laneEnv = { ...dashboardEnv((name) => ports[processes.indexOf(name)] ?? 1), ...env };
  const specs = processes.map((name, index) => {
    const spec = processSpec(config, name, { lane, port: ports[index] ?? 0, env: laneEnv });
    // The lane's topics exist before its processes are asked for, and a dependency that this stack does not run cannot be waited for.
    return { ...spec, dependsOn: spec.dependsOn.filter((name_) => supervisor.has(name_)) };
  });
  lanes.set(lane, specs.map(({ name }) => name));
  supervisor.add(specs);
}
