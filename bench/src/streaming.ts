import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'spark-streaming');
const python = process.env['MILLRACE_PYTHON'] ?? join(root, '.millrace', 'venv', 'bin', 'python');
const run = promisify(execFile);

/** What a module of spark-streaming says on stdout. Rejects where it fails. */
export async function runPython(module: string, words: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await run(python, ['-m', module, ...words], {
    cwd: folder,
    env: { ...process.env, ...env, PYTHONPATH: [join(folder, 'src'), join(folder, 'tests'), folder].join(':') },
    maxBuffer: 2 ** 26,
  });
  return stdout;
}
