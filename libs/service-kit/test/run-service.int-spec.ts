import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

jest.setTimeout(30_000);

const BUILT = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const FIXTURE = fileURLToPath(new URL('./fixture-service.mjs', import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  /** Resolves once it has logged `text`. */
  says(text: string): Promise<void>;
  log(): string;
}

describe('runService', () => {
  const children: Started[] = [];

  function run(env: Record<string, string> = {}): Started {
    const child = spawn(process.execPath, [FIXTURE], { env: { ...process.env, MILLRACE_HTTP_PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    child.stdout.on('data', (text: Buffer) => { lines.push(text.toString()); });
    const exited = once(child, 'exit').then(([code]: unknown[]) => code as number | null);
    const says = async (text: string): Promise<void> => {
      while (!lines.join('').includes(text)) await Promise.race([once(child.stdout, 'data'), exited.then(() => { throw new Error(`ended without "${text}": ${lines.join('')}`); })]);
    };
    const started = { child, exited, says, log: () => lines.join('') };
    children.push(started);
    return started;
  }

  beforeAll(() => {
    if (!existsSync(BUILT)) throw new Error('service-kit is not built: run tsc --build libs/service-kit');
  });
  afterEach(async () => {
    for (const { child, exited } of children.splice(0)) {
      child.kill('SIGKILL');
      await exited;
    }
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('drains and exits 0 on %s', async (signal) => {
    const service = run();
    await service.says('"listening"');
    service.child.kill(signal);
    expect(await service.exited).toBe(0);
    expect(service.log()).toContain('"drained"');
  });

  it('a second signal forces what a first could not end', async () => {
    const service = run({ FIXTURE_HANGS: '1' });
    await service.says('"listening"');
    service.child.kill('SIGTERM');
    await service.says('"draining"');
    service.child.kill('SIGINT');
    expect(await service.exited).toBe(1);
  });

  it('a drain without end is cut', async () => {
    const service = run({ FIXTURE_HANGS: '1' });
    await service.says('"listening"');
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(1);
    expect(service.log()).toContain('drain took too long');
  });

  it('exits 78 with every configuration problem in one line', async () => {
    const service = run({ MILLRACE_LANE: 'NO', MILLRACE_HTTP_PORT: 'x', MILLRACE_LOG_LEVEL: 'shout' });
    expect(await service.exited).toBe(78);
    expect(service.log()).toMatch(/MILLRACE_LANE.*MILLRACE_HTTP_PORT.*MILLRACE_LOG_LEVEL/);
  });

  it('exits 1 when it cannot go on', async () => {
    const service = run({ FIXTURE_FAILS: '1' });
    await service.says('"listening"');
    service.child.kill('SIGUSR2');
    expect(await service.exited).toBe(1);
    expect(service.log()).toContain('consumer crashed');
  });
});
