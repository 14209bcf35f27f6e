import { request } from 'node:http';
import { z } from 'zod';
import { CliError, EXIT, systemCode } from '../cli-errors.js';
import type { StackStatus } from '../process/supervisor.js';
import { stackStatus, type LaneRequest } from './control.types.js';

const TIMEOUT_MS = 60_000;
const failure = z.object({ message: z.string() });

/** Nobody listens on the socket: the supervisor is not running, or is about to end. */
export class NoSupervisorError extends Error {
  override readonly name = 'NoSupervisorError';
}

/** Asks the running supervisor. Every call throws {@link NoSupervisorError} where there is none. */
export class ControlClient {
  constructor(private readonly socket: string) {}

  /** State of the stack; null where no supervisor runs. */
  async stateOrNull(): Promise<StackStatus | null> {
    try {
      return stackStatus.parse(await this.call('GET', '/state'));
    } catch (error) {
      if (error instanceof NoSupervisorError) return null;
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.call('POST', '/stop');
  }

  async addLane(lane: LaneRequest): Promise<void> {
    await this.call('POST', '/lanes', lane);
  }

  async removeLane(lane: string): Promise<void> {
    await this.call('DELETE', '/lanes', { lane });
  }

  /** Ties the stack to this process: it ends when we do, however we end. Returns a function that unties it. */
  own(): () => void {
    const call = request({ socketPath: this.socket, path: '/owner', method: 'GET' }, (response) => response.resume());
    // The supervisor closes it when it ends; that is no error of ours.
    call.on('error', () => undefined);
    call.end();
    return () => call.destroy();
  }

  private async call(method: string, path: string, body?: object): Promise<unknown> {
    const { status, text } = await this.send(method, path, body);
    const parsed: unknown = JSON.parse(text);
    if (status === 200) return parsed;
    throw new CliError(failure.parse(parsed).message, 'See the log: millrace logs supervisor', EXIT.unavailable);
  }

  private async send(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const content = body === undefined ? '' : JSON.stringify(body);
      // Node sends no length with DELETE by itself.
      const headers = { 'content-length': Buffer.byteLength(content) };
      const call = request({ socketPath: this.socket, method, path, headers, timeout: TIMEOUT_MS, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', reject);
        response.on('end', () => { resolve({ status: response.statusCode ?? 0, text }); });
      });
      call.on('timeout', () => call.destroy(new NoSupervisorError('the supervisor does not answer')));
      call.on('error', (error) => {
        const gone = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(systemCode(error) ?? '');
        reject(gone ? new NoSupervisorError('no supervisor runs', { cause: error }) : error);
      });
      call.end(content);
    });
  }
}
