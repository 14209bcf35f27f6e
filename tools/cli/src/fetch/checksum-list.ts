import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ChecksumError } from '../cli-errors.js';

/** SHA-512 of each file, by its path below the download folder, such as `kafka/kafka-clients-4.3.0.jar`. */
export type ChecksumList = ReadonlyMap<string, string>;

/** Parses the format of sha512sum. Throws {@link ChecksumError} at a line that is none: a list half read would let files pass. */
export function parseChecksums(text: string, file: string): ChecksumList {
  const list = new Map<string, string>();
  for (const line of text.split('\n').filter((candidate) => candidate.trim() !== '')) {
    const found = /^([0-9a-f]{128}) [ *](\S.*)$/.exec(line);
    if (found?.[1] === undefined || found[2] === undefined) throw new ChecksumError(file, `this line is no checksum: ${line.slice(0, 60)}`);
    list.set(found[2], found[1]);
  }
  return list;
}

/** What the list says of one set, and a digest of it: the set's version. */
export function checksumsOf(list: ChecksumList, set: string): { readonly files: ReadonlyMap<string, string>; readonly version: string } {
  const entries = [...list].filter(([path]) => path.startsWith(`${set}/`)).map(([path, sum]): [string, string] => [path.slice(set.length + 1), sum]);
  const version = createHash('sha256').update(JSON.stringify(entries.toSorted())).digest('hex');
  return { files: new Map(entries), version };
}

/** Throws {@link ChecksumError} unless the folder holds exactly the listed files with exactly the listed content. */
export async function verifyFolder(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  const present = await readdir(folder);
  const strange = present.find((name) => !files.has(name));
  if (strange !== undefined) throw new ChecksumError(strange, 'came along, but is in no checksum list');
  for (const [name, expected] of files) {
    if (!present.includes(name)) throw new ChecksumError(name, 'did not arrive');
    const actual = await sha512(join(folder, name));
    if (actual !== expected) throw new ChecksumError(name, `has SHA-512 ${actual.slice(0, 16)}…, not ${expected.slice(0, 16)}…`);
  }
}

export async function sha512(file: string): Promise<string> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
