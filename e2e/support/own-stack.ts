import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@millrace/testing';
import { millrace, type CommandResult } from './command.js';
import { freePort } from './container.js';

const PORTS = ['KAFKA', 'KAFKA_CONTROLLER', 'REGISTRY', 'REDIS', 'POSTGRES'] as const;
const ADDRESSES = ['KAFKA_BROKERS', 'REGISTRY_URL', 'REDIS_URL', 'POSTGRES_URL'] as const;

export type Component = 'kafka' | 'registry' | 'redis' | 'postgres';

interface ComponentStatus {
  readonly name: string;
  readonly state: string;
  readonly pid: number | null;
}

/** Kafka, registry, Redis and PostgreSQL of one test, under the product's own supervisor, to be killed at will. */
export class OwnStack {
  private constructor(
    private readonly home: string,
    private readonly ports: Readonly<Record<(typeof PORTS)[number], number>>,
  ) {}

  static async start(): Promise<OwnStack> {
    const ports = await Promise.all(PORTS.map(async (name) => [name, await freePort()] as const));
    const stack = new OwnStack(await mkdtemp(join(tmpdir(), 'millrace-own-')), Object.fromEntries(ports) as Record<(typeof PORTS)[number], number>);
    const { code, stderr } = await stack.#millrace('up', '--only', 'infra');
    if (code === 0) return stack;
    await stack.stop();
    throw new Error(`the stack did not start: ${stderr}`);
  }

  /** The variables by which the system finds it. */
  get env(): Readonly<Record<`MILLRACE_${(typeof ADDRESSES)[number]}`, string>> {
    const at = (name: (typeof PORTS)[number]): string => `127.0.0.1:${String(this.ports[name])}`;
    return {
      MILLRACE_KAFKA_BROKERS: at('KAFKA'),
      MILLRACE_REGISTRY_URL: `http://${at('REGISTRY')}/apis/ccompat/v7`,
      MILLRACE_REDIS_URL: `redis://${at('REDIS')}/0`,
      MILLRACE_POSTGRES_URL: `postgres://millrace:millrace@${at('POSTGRES')}/millrace`,
    };
  }

  /** `kill -9`; resolves when its supervisor has started another one, which answers. */
  async kill(name: Component): Promise<void> {
    const pid = await this.#pidOf(name);
    process.kill(pid, 'SIGKILL');
    await this.#pidOf(name, pid);
  }

  async stop(): Promise<void> {
    await this.#millrace('down');
    await rm(this.home, { recursive: true, force: true });
  }

  #pidOf(name: Component, notThis?: number): Promise<number> {
    return until(`${name} to be ready`, async () => {
      const { stdout } = await this.#millrace('status', '--json');
      const { processes } = JSON.parse(stdout) as { processes: readonly ComponentStatus[] };
      return processes.find((one) => one.name === name && one.state === 'ready' && one.pid !== notThis)?.pid;
    }, 120_000);
  }

  #millrace(...args: readonly string[]): Promise<CommandResult> {
    // An empty address means none: the components are started, not borrowed.
    const none = Object.fromEntries(ADDRESSES.map((name) => [`MILLRACE_${name}`, '']));
    return millrace(this.home, args, { ...none, ...Object.fromEntries(PORTS.map((name) => [`MILLRACE_${name}_PORT`, String(this.ports[name])])) });
  }
}
