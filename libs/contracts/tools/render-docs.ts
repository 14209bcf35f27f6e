import type { AvroRecord, AvroType } from './avro-subset.ts';

interface Source {
  readonly record: AvroRecord;
}

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly doc: string;
  readonly sources: readonly string[];
  readonly windows: readonly string[];
  readonly dimensions: readonly (readonly string[])[];
}

interface Catalogue {
  readonly windows: Readonly<Record<string, { readonly title: string }>>;
  readonly metrics: readonly Metric[];
  readonly system: readonly Metric[];
}

/** Renders deploy/kafka/topics.json: what each topic needs on the broker, and the registry subject of its values. */
export function renderTopics(sources: readonly Source[]): string {
  const topics = sources.map(({ record }) => ({ ...record.topic, record: record.name, subject: `${record.topic?.name ?? ''}-value` }));
  return `${JSON.stringify(topics, null, 2)}\n`;
}

/** Renders docs/reference/events.md. */
export function renderEventsPage(sources: readonly Source[]): string {
  const pages = sources.map(({ record }) => {
    const rows = record.fields.flatMap((field) => rowsOf(field.name, field.type, field.doc, field.valid));
    return [
      `## ${record.topic?.name ?? ''}: ${record.name}`,
      '',
      record.doc,
      '',
      `Key: \`${record.topic?.key ?? ''}\`. Kept for ${String((record.topic?.retentionMs ?? 0) / 86_400_000)} days.`,
      '',
      '| field | type | meaning |',
      '|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return ['# Events', '', 'Generated from `libs/contracts/avro`: run `npm run contracts:generate`.', '', ...pages].join('\n');
}

function rowsOf(path: string, type: AvroType, doc: string, valid: Readonly<Record<string, number | string>> | null): string[] {
  const rules = valid === null ? '' : ` (${Object.entries(valid).map(([rule, limit]) => `${rule} ${String(limit)}`).join(', ')})`;
  const own = `| \`${path}\` | ${describe(type)}${rules} | ${doc}${type.kind === 'enum' ? ` ${type.doc}` : ''} |`.replaceAll('|$', '\\|$');
  const inner = type.kind === 'array' ? type.of : type;
  if (inner.kind !== 'record') return [own];
  const prefix = type.kind === 'array' ? `${path}[].` : `${path}.`;
  return [own, ...inner.fields.flatMap((field) => rowsOf(`${prefix}${field.name}`, field.type, field.doc, field.valid))];
}

function describe(type: AvroType): string {
  switch (type.kind) {
    case 'record':
      return type.name;
    case 'enum':
      return type.symbols.map((symbol) => `\`${symbol}\``).join(', ');
    case 'array':
      return `list of ${describe(type.of)}`;
    case 'map':
      return `map of ${describe(type.of)}`;
    case 'nullable':
      return `${describe(type.of)}, optional`;
    case 'primitive':
      return type.logicalType ?? type.name;
  }
}

/** Renders docs/reference/metrics.md. */
export function renderMetricsPage(text: string): string {
  const { metrics, windows, system } = JSON.parse(text) as Catalogue;
  const rows = metrics.map(({ name, unit, doc, windows: lengths, dimensions, sources }) => {
    const dims = dimensions.map((names) => (names.length === 0 ? 'whole shop' : names.join(' × '))).join('; ');
    return `| \`${name}\` | ${doc} | ${unit} | ${lengths.join(', ')} | ${dims} | ${sources.join(', ')} |`;
  });
  return [
    '# Metrics',
    '',
    'Generated from `libs/contracts/metrics/catalogue.json`: run `npm run contracts:generate`.',
    '',
    '| metric | meaning | unit | windows | by | from |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '## The system',
    '',
    'What the ruler finds out itself, for rules with `window: 1m` (`services/ruler/README.md`). No windows of these are published.',
    '',
    '| metric | meaning | unit | by |',
    '|---|---|---|---|',
    ...system.map(({ name, unit, doc, dimensions }) => `| \`${name}\` | ${doc} | ${unit} | ${dimensions.map((names) => names.join(' × ') || 'whole shop').join('; ')} |`),
    '',
    'Windows:',
    '',
    ...Object.entries(windows).map(([name, { title }]) => `- \`${name}\`: ${title}`),
    '',
  ].join('\n');
}
