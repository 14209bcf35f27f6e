import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { within } from './until.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const KEPT_LINES = 200;

/** A service did not come up. */
export class ServiceDiedError extends Error {
  override readonly name = 'ServiceDiedError';
  constructor(
    readonly service: string,
    readonly output: readonly string[],
  ) {
    super(`${service} ended before it listened:\n${output.slice(-20).join('\n')}`);
  }
}

/** A built service in a process of its own, for tests that kill it. Needs `dist`: run `tsc --build` before. */
export class ServiceProcess {
  readonly #exited: Promise<number | null>;
  readonly #output: string[] = [];

  private constructor(
    readonly service: string,
    private readonly child: ChildProcess,
    /** Base URL of its HTTP server. */
    readonly url: string,
    exited: Promise<number | null>,
    output: string[],
  ) {
    this.#exited = exited;
    this.#output = output;
  }

  /** Starts `services/<service>/dist/main.js` on a free port; resolves once it listens. Throws {@link ServiceDiedError}. */
  static async start(service: string, env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
    const child = spawn(process.execPath, [`${ROOT}services/${service}/dist/main.js`], {
      env: { ...process.env, NODE_OPTIONS: '', MILLRACE_HTTP_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const listening = new Promise<string>((resolve, reject) => {
      const onLine = (line: string): void => {
        output.push(line);
        if (output.length > KEPT_LINES) output.shift();
        const url = /"url":"([^"]+)".*"listening"/.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      };
      createInterface({ input: child.stdout }).on('line', onLine);
      createInterface({ input: child.stderr }).on('line', onLine);
      void exited.then(() => { reject(new ServiceDiedError(service, output)); });
    });
    const url = await within(`${service} listens`, listening, START_TIMEOUT_MS);
    return new ServiceProcess(service, child, url, exited, output);
  }

  /** Latest lines of its log. */
  get output(): readonly string[] {
    return this.#output;
  }

  /** Stops it where it stands (SIGSTOP), until {@link thaw}. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** Sends a signal and waits for the end. Returns the exit code; null after a kill. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return within(`${this.service} ends after ${signal}`, this.#exited);
  }
}
