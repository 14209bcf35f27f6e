import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names of everything under MILLRACE_HOME, in one place. */
export interface Layout {
  readonly home: string;
  /** One JSON line log per process. */
  readonly logs: string;
  /** Pid files of what runs. */
  readonly run: string;
  readonly state: string;
  readonly lanes: string;
  readonly data: (component: string) => string;
  readonly checkpoints: (lane: string) => string;
  /** Unix socket of the supervisor. Not under home: a socket's path may have 107 bytes at most. */
  readonly socket: string;
  readonly logFile: (name: string) => string;
}

export function layoutOf(home: string): Layout {
  const id = createHash('sha256').update(home).digest('hex').slice(0, 12);
  const logs = join(home, 'logs');
  return {
    home,
    logs,
    run: join(home, 'run'),
    state: join(home, 'state.json'),
    lanes: join(home, 'lanes'),
    data: (component) => join(home, 'data', component),
    checkpoints: (lane) => join(home, 'checkpoints', lane),
    socket: join(tmpdir(), `millrace-${id}.sock`),
    logFile: (name) => join(logs, `${name}.log`),
  };
}
