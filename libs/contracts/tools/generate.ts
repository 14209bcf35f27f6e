/**
 * Writes what follows from the Avro schemas and the metric catalogue: TypeScript types and contracts, the topic list, the reference pages,
 * and a new immutable version under avro/history for a schema that changed. `--check` writes nothing and fails where a file would change.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findIncompatibilities } from '../src/compatibility.ts';
import { parseRecord, type AvroRecord } from './avro-subset.ts';
import { renderEvents } from './render-types.ts';
import { renderEventsPage, renderMetricsPage, renderTopics } from './render-docs.ts';

const library = fileURLToPath(new URL('..', import.meta.url));
const root = join(library, '..', '..');
const checkOnly = process.argv.includes('--check');

interface SourceSchema {
  readonly id: string;
  readonly record: AvroRecord;
  /** As it is registered: without our own attributes. */
  readonly registered: string;
}

const problems: string[] = [];

function readSchemas(): SourceSchema[] {
  const folder = join(library, 'avro');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.avsc'))
    .sort()
    .map((file) => {
      const json: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      return { id: file.slice(0, -'.avsc'.length), record: parseRecord(json, file), registered: JSON.stringify(withoutOwnAttributes(json)) };
    });
}

function withoutOwnAttributes(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withoutOwnAttributes);
  if (typeof json !== 'object' || json === null) return json;
  const kept = Object.entries(json).filter(([name, value]) => name !== 'valid' && !(name === 'topic' && typeof value === 'object'));
  return Object.fromEntries(kept.map(([name, value]) => [name, withoutOwnAttributes(value)]));
}

/** Versions are never edited: a changed schema becomes the next one, if every version can read every other. */
function releaseHistory({ id, registered }: SourceSchema): void {
  const folder = join(library, 'avro', 'history', id);
  const history = existsSync(folder)
    ? readdirSync(folder).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)).map((file) => JSON.stringify(JSON.parse(readFileSync(join(folder, file), 'utf8'))))
    : [];
  if (history.at(-1) === registered) return;
  const incompatible = findIncompatibilities(history, registered);
  for (const { direction, version, reason } of incompatible) problems.push(`${id}.avsc: not ${direction} compatible with version ${String(version)}: ${reason}`);
  if (incompatible.length === 0) emit(join(folder, `${String(history.length + 1)}.avsc`), `${JSON.stringify(JSON.parse(registered), null, 2)}\n`);
}

function emit(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  if (checkOnly) {
    problems.push(`${relative(root, path)} is out of date: run "npm run contracts:generate"`);
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const schemas = readSchemas();
const catalogue = readFileSync(join(library, 'metrics', 'catalogue.json'), 'utf8');
for (const schema of schemas) releaseHistory(schema);
emit(join(library, 'src', 'generated', 'events.ts'), renderEvents(schemas));
emit(join(library, 'src', 'generated', 'metrics.ts'), renderMetrics(catalogue));
emit(join(root, 'deploy', 'kafka', 'topics.json'), renderTopics(schemas));
emit(join(root, 'docs', 'reference', 'events.md'), renderEventsPage(schemas));
emit(join(root, 'docs', 'reference', 'metrics.md'), renderMetricsPage(catalogue));

function renderMetrics(text: string): string {
  const { windows, metrics, system } = JSON.parse(text) as { windows: unknown; metrics: unknown; system: unknown };
  return (
    '// Generated from metrics/catalogue.json: run "npm run contracts:generate".\n' +
    "import type { MetricDefinition, WindowDefinition, WindowName } from '../metric-catalogue.js';\n\n" +
    `export const windowDefinitions: Readonly<Record<WindowName, WindowDefinition>> = ${JSON.stringify(windows, null, 2)};\n\n` +
    `export const metricCatalogue: readonly MetricDefinition[] = ${JSON.stringify(metrics, null, 2)};\n\n` +
    `/** What the ruler finds out about the running system itself, for its rules alone: no windows of these are published. */\nexport const systemMetrics: readonly MetricDefinition[] = ${JSON.stringify(system, null, 2)};\n`
  );
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
