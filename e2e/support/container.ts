import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { loadConfig } from '@millrace/cli';
import { address, until } from '@millrace/testing';
import { readDockerfile, ROOT, type ComposeService, type ImageConfig } from './compose.js';

const START_LIMIT_MS = 180_000;

/** What a container of docker-compose.yml would run did not do what it should. */
export class ContainerError extends Error {
  override readonly name = 'ContainerError';
  constructor(name: string, problem: string, output: readonly string[]) {
    super(`${name}: ${problem}\n${output.slice(-20).join('\n')}`);
  }
}

/** Where things are that in a container have an address or a path of its own. */
export interface Place {
  readonly lane: string;
  readonly postgresUrl: string;
  /** Folder for state that a volume would hold. */
  readonly home: string;
}

/** The process of a container, run without one: its image's command, folder and environment under that of docker-compose.yml. */
export class Container {
  readonly output: string[] = [];
  #exited = false;

  private constructor(
    readonly name: string,
    readonly image: ImageConfig,
    private readonly env: Readonly<Record<string, string>>,
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    const collect = (chunk: Buffer): void => { this.output.push(...chunk.toString('utf8').split('\n')); };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('exit', () => { this.#exited = true; });
  }

  static async start(name: string, service: ComposeService, place: Place): Promise<Container> {
    const image = readDockerfile(service.build?.dockerfile ?? '', { ...service.build?.args });
    const port = await freePort();
    const env = { ...outside(place), ...translate({ ...image.env, ...service.environment }, place), ...addressesOf(place, service.environment), MILLRACE_HTTP_PORT: String(port), MILLRACE_HTTP_HOST: '127.0.0.1' };
    const [program, ...rest] = programOf(service.command ?? image.command);
    const child = spawn(program ?? '', rest, { cwd: hostPath(image.workdir, place), env, stdio: ['ignore', 'pipe', 'pipe'] });
    return new Container(name, image, env, child, port);
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}`;
  }

  /** Resolves when the image's own health check passes. Throws {@link ContainerError}. */
  async healthy(): Promise<void> {
    const check = async (): Promise<'healthy' | 'ended' | null> => {
      if (this.#exited) return 'ended';
      const [program, ...rest] = programOf(this.image.healthcheck);
      const [code] = (await once(spawn(program ?? '', rest, { env: this.env, stdio: 'ignore' }), 'exit')) as [number | null];
      return code === 0 ? 'healthy' : null;
    };
    const state = await until(`${this.name} to be healthy`, check, START_LIMIT_MS).catch((error: unknown) => String(error));
    if (state !== 'healthy') throw new ContainerError(this.name, state, this.output);
  }

  /** Waits for the end of a container that does one thing. Throws {@link ContainerError} unless its exit code is 0. */
  async completed(): Promise<void> {
    if (!this.#exited) await once(this.child, 'exit');
    if (this.child.exitCode !== 0) throw new ContainerError(this.name, `exit code ${String(this.child.exitCode)}`, this.output);
  }

  /** Stops it as Docker does and returns the exit code. */
  async stop(): Promise<number | null> {
    if (!this.#exited) {
      const exit = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await exit;
    }
    return this.child.exitCode;
  }
}

/** What a process needs of the machine; nothing of Millrace's own environment, so that what compose leaves out is missing here too. */
function outside(place: Place): Record<string, string> {
  const kept = ['PATH', 'JAVA_HOME', 'LANG', 'TZ'].flatMap((name) => { const value = process.env[name]; return value === undefined ? [] : [[name, value]]; });
  return { ...(Object.fromEntries(kept) as Record<string, string>), HOME: place.home };
}

function translate(env: Readonly<Record<string, string>>, place: Place): Record<string, string> {
  const entries = Object.entries(env).filter(([name]) => name !== 'PATH');
  return Object.fromEntries(entries.map(([name, value]) => [name, hostPath(value, place)]));
}

/** Paths inside an image, as they are here. */
function hostPath(path: string, { home }: Place): string {
  return path.replace(/^\/app\//, ROOT).replace(/^\/opt\/millrace/, loadConfig().cache).replace(/^\/var\/lib\/millrace/, home);
}

/** The addresses that docker-compose.yml gives a service, each as it is in the test stack; those it does not give stay ungiven. */
function addressesOf({ lane, postgresUrl }: Place, given: Readonly<Record<string, string>>): Record<string, string> {
  const here: Record<string, string> = {
    MILLRACE_LANE: lane,
    MILLRACE_KAFKA_BROKERS: address('MILLRACE_KAFKA_BROKERS'),
    MILLRACE_REGISTRY_URL: address('MILLRACE_REGISTRY_URL'),
    MILLRACE_REDIS_URL: address('MILLRACE_REDIS_URL'),
    MILLRACE_POSTGRES_URL: postgresUrl,
  };
  return Object.fromEntries(Object.entries(here).filter(([name]) => name in given));
}

function programOf([program, ...rest]: readonly string[]): readonly string[] {
  if (program === 'node') return [process.execPath, ...rest];
  if (program === 'python') return [process.env['MILLRACE_PYTHON'] ?? `${ROOT}.millrace/venv/bin/python`, ...rest];
  return [program ?? '', ...rest];
}

/** A port that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}
