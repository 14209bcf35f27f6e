import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of a real data set under MILLRACE_DATA. Throws one line that says what to do where it is absent. */
export function dataFolder(name: string): string {
  const root = resolve(process.env['MILLRACE_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url)));
  const folder = join(root, name);
  if (!existsSync(folder)) throw new MissingDataError(folder);
  return folder;
}

/** A real data set is not where it should be. */
export class MissingDataError extends Error {
  override readonly name = 'MissingDataError';
  constructor(folder: string) {
    super(`${folder} does not exist: set MILLRACE_DATA to the folder with the real data sets (see CONTRIBUTING.md)`);
  }
}
