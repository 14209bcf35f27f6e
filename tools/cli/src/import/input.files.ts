import { type Stats, createReadStream } from 'node:fs';
import { glob, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { systemCode } from '../cli-errors.js';
import { ImportInputError } from './import.errors.js';

const DATA_FILE = /\.(csv|tsv|txt|psv|json|jsonl|ndjson)(\.gz)?$/i;
const GZIP = /\.gz$/i;
export const STDIN = '-';

/** One source of rows. */
export interface InputFile {
  /** As the user named it, or as it was found; `-` is standard input. */
  readonly path: string;
  /** Bytes on disk; null where it cannot be known. */
  readonly size: number | null;
  /** True where it was found in a folder: it may then be none of the mapping's. */
  readonly found: boolean;
}

/** A file that is being read. */
export interface OpenFile {
  /** Its bytes, unpacked. */
  readonly stream: Readable;
  /** Bytes read so far as they lie on disk. */
  readonly bytesRead: () => number;
}

/**
 * Files, folders (with all below them), patterns and `-`, in the given order; what comes out of a folder or pattern is sorted by path.
 * Throws {@link ImportInputError} where there is nothing.
 */
export async function findInputFiles(paths: readonly string[]): Promise<InputFile[]> {
  const files: InputFile[] = [];
  for (const path of paths) files.push(...(await expand(path)));
  const seen = new Set<string>();
  return files.filter(({ path }) => !seen.has(path) && seen.add(path));
}

/** Opens the file; `.gz` is unpacked on the way. */
export function openFile(path: string): OpenFile {
  const source = path === STDIN ? process.stdin : createReadStream(path, { highWaterMark: 1 << 18 });
  const bytesRead = (): number => source.bytesRead;
  if (!GZIP.test(path)) return { stream: source, bytesRead };
  const gunzip = createGunzip();
  source.on('error', (error: Error) => gunzip.destroy(error));
  return { stream: source.pipe(gunzip), bytesRead };
}

/** True where the file's name fits a pattern with `*` and `?`; `.gz` may follow. */
export function nameFits(path: string, pattern: string): boolean {
  const body = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*').replaceAll('?', '[^/]');
  return new RegExp(`^${body}(\\.gz)?$`, 'i').test(basename(path));
}

async function expand(path: string): Promise<InputFile[]> {
  if (path === STDIN) return [{ path, size: null, found: false }];
  const info = await statOrNull(path);
  if (info?.isDirectory() === true) return foundIn(path, await listData(path));
  if (info !== null) return [{ path, size: info.size, found: false }];
  const matches: string[] = [];
  if (/[*?[{]/.test(path)) for await (const match of glob(path)) matches.push(match);
  if (matches.length === 0) throw new ImportInputError(`${path}: there is no such file, folder or pattern`, 'Check the path.');
  return Promise.all(matches.sort().map(async (match) => ({ path: match, size: (await stat(match)).size, found: false })));
}

async function foundIn(folder: string, paths: readonly string[]): Promise<InputFile[]> {
  if (paths.length === 0) throw new ImportInputError(`${folder}: holds no CSV or JSON file`, 'Name the files themselves if they end otherwise.');
  return Promise.all(paths.map(async (path) => ({ path, size: (await stat(path)).size, found: true })));
}

async function listData(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && DATA_FILE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null;
    throw new ImportInputError(`${path}: ${error instanceof Error ? error.message : String(error)}`, 'Check its permissions.', { cause: error });
  }
}
