import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLaneTopics, loadConfig, processSpec, type CliConfig, type LaneProcess as Part } from '@millrace/cli';
import { uniqueLane, until } from '@millrace/testing';

export type { Part };

const START_LIMIT_MS = 240_000;

/** A part of the system did not start, or ended by itself. */
export class PartError extends Error {
  override readonly name = 'PartError';
  constructor(part: Part, problem: string, output: readonly string[]) {
    super(`${part}: ${problem}\n${output.slice(-15).join('\n')}`);
  }
}

/** One process of the system under test, as the product starts it. */
export class RunningPart {
  readonly output: string[] = [];
  readonly part: Part;
  readonly url: string;
  readonly child: ChildProcess;
  #exited = false;
  #partial = '';

  constructor(part: Part, url: string, child: ChildProcess) {
    this.part = part;
    this.url = url;
    this.child = child;
    const collect = (chunk: Buffer): void => {
      const lines = (this.#partial + chunk.toString('utf8')).split('\n');
      this.#partial = lines.pop() ?? '';
      this.output.push(...lines);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('exit', () => {
      this.#exited = true;
    });
  }

  get running(): boolean {
    return !this.#exited;
  }

  /** Resolves when its readiness check is green. Throws {@link PartError} with its last output where it ends or takes two minutes. */
  async ready(): Promise<void> {
    const answered = async (): Promise<'up' | 'ended' | null> => {
      if (this.#exited) return 'ended';
      return (await fetch(`${this.url}/health/ready`)).ok ? 'up' : null;
    };
    const state = await until(`${this.part} to be ready`, answered, START_LIMIT_MS).catch((error: unknown) => String(error));
    if (state !== 'up') throw new PartError(this.part, state === 'ended' ? 'ended before it was ready' : state, this.output);
  }

  /** Sends the signal and resolves with the exit code, or the name of the signal that ended it. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string | null> {
    if (this.#exited) return this.child.exitCode ?? this.child.signalCode;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
    return this.child.exitCode ?? this.child.signalCode;
  }
}

/** The system in a lane of its own, on the stack that the test run started. */
export class System {
  readonly #parts = new Map<Part, RunningPart>();

  readonly lane: string;
  /** Folder for the system's local state. */
  get home(): string {
    return this.#config.home;
  }
  readonly #config: CliConfig;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(lane: string, config: CliConfig, env: Readonly<Record<string, string>>) {
    this.lane = lane;
    this.#config = config;
    this.#env = env;
  }

  /** @param env for every part; with addresses in it, the system works on another stack than the test run's */
  static async create(env: Readonly<Record<string, string>> = {}, lane = uniqueLane()): Promise<System> {
    const home = await mkdtemp(join(tmpdir(), 'millrace-e2e-'));
    const config = loadConfig({ ...process.env, ...env, MILLRACE_HOME: home });
    await createLaneTopics(config, lane);
    return new System(lane, config, env);
  }

  /** Starts a part as the product's supervisor does and waits until it is ready; a second start replaces one that ended. */
  async start(part: Part, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Promise<RunningPart> {
    const port = await freePort();
    const spec = processSpec(this.#config, part, { lane: this.lane, port, env: { ...this.#env, ...env } });
    const [program, ...rest] = spec.command;
    const child = spawn(program, [...rest, ...args], { cwd: spec.cwd, env: { ...process.env, NODE_OPTIONS: '', ...spec.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const running = new RunningPart(part, `http://127.0.0.1:${port}`, child);
    this.#parts.set(part, running);
    await running.ready();
    return running;
  }

  part(part: Part): RunningPart {
    const running = this.#parts.get(part);
    if (running === undefined) throw new PartError(part, 'was not started', []);
    return running;
  }

  /** Stops every part and removes the lane's local state. */
  async stop(): Promise<void> {
    for (const running of [...this.#parts.values()].reverse()) await running.end();
    await rm(this.#config.home, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new PartError('query-api', 'no free port', []);
  return address.port;
}
