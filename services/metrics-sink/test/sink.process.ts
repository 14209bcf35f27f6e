import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('./fault-launcher.mjs', import.meta.url));
const BUILT = fileURLToPath(new URL('../dist/metrics-sink.definition.js', import.meta.url));

/** The built service in a process of its own, to be killed. */
export class SinkProcess {
  #lines = '';

  private constructor(
    private readonly child: ChildProcess,
    /** Exit code and signal, once it has ended. */
    readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>,
  ) {}

  /** @param env `MILLRACE_FAULT_AT=after-effect` ends it by SIGKILL between the first effect and its commit. */
  static start(env: Readonly<Record<string, string>>): SinkProcess {
    if (!existsSync(BUILT)) throw new Error('metrics-sink is not built: run tsc --build services/metrics-sink');
    const child = spawn(process.execPath, [LAUNCHER], { env: { ...process.env, ...env, MILLRACE_LOG_LEVEL: 'info' }, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit').then(([code, signal]: unknown[]) => ({ code: code as number | null, signal: signal as NodeJS.Signals | null }));
    const sink = new SinkProcess(child, ended);
    child.stdout.on('data', (text: Buffer) => { sink.#lines += text.toString(); });
    return sink;
  }

  /** All it logged. */
  get log(): string {
    return this.#lines;
  }

  /** Base URL of its HTTP server, once it listens. */
  async url(): Promise<string> {
    for (;;) {
      const found = /"url":"([^"]+)"/.exec(this.#lines)?.[1];
      if (found !== undefined) return found;
      await Promise.race([
        new Promise((resolve) => this.child.stdout?.once('data', resolve)),
        this.ended.then(() => { throw new Error(`ended before it listened: ${this.#lines}`); }),
      ]);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
