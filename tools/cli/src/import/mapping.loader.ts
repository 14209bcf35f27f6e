import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LineCounter, type Document, isNode, parseDocument } from 'yaml';
import { systemCode } from '../cli-errors.js';
import { MappingError, SpecError } from './import.errors.js';
import { type Mapping, compileMapping } from './mapping.compiler.js';
import { mappingSchema } from './mapping.schema.js';

/** Loads a mapping by its path, or by the name of a shipped one. Throws {@link MappingError}. */
export async function loadMapping(nameOrPath: string, shippedFolder: string): Promise<Mapping> {
  const isPath = /[/\\]|\.ya?ml$/.test(nameOrPath);
  const file = isPath ? nameOrPath : join(shippedFolder, `${nameOrPath}.yaml`);
  return parseMapping(await readMapping(file, isPath ? null : shippedFolder), basename(file));
}

/** Reads a mapping out of its text; `file` is for messages. Throws {@link MappingError}. */
export function parseMapping(text: string, file: string): Mapping {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true, merge: true });
  const [syntax] = document.errors;
  if (syntax !== undefined) throw new MappingError(file, '', syntax.message.split('\n')[0] ?? syntax.code, lines.linePos(syntax.pos[0]).line);
  const parsed = mappingSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw located(file, (issue?.path ?? []).map(stepOf), issue?.message ?? 'is not a mapping', document, lines);
  }
  try {
    return compileMapping(parsed.data);
  } catch (error) {
    if (error instanceof SpecError) throw located(file, error.path, error.reason, document, lines);
    throw error;
  }
}

/** Names of the mappings in a folder. */
export async function listMappings(folder: string): Promise<string[]> {
  const files = await readdir(folder);
  return files.filter((file) => file.endsWith('.yaml')).map((file) => basename(file, '.yaml')).sort();
}

async function readMapping(file: string, shippedFolder: string | null): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    const names = shippedFolder === null ? [] : await listMappings(shippedFolder);
    const hint = shippedFolder === null ? 'there is no such file' : `there is no such mapping; shipped are ${names.join(', ')}, or give a path to a .yaml file`;
    throw new MappingError(shippedFolder === null ? file : basename(file, '.yaml'), '', hint);
  }
}

function located(file: string, path: readonly (string | number)[], reason: string, document: Document, lines: LineCounter): MappingError {
  return new MappingError(file, printable(path), reason, lineOf(path, document, lines));
}

/** Line of the place, or of the nearest place above it that is in the file. */
function lineOf(path: readonly (string | number)[], document: Document, lines: LineCounter): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}

function printable(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, step) => (typeof step === 'number' ? `${text}[${String(step)}]` : text === '' ? step : `${text}.${step}`), '');
}

function stepOf(step: PropertyKey): string | number {
  return typeof step === 'number' ? step : String(step);
}
