import { ContractError, type AvroRecord, type AvroType } from './avro-subset.ts';

interface Source {
  readonly id: string;
  readonly record: AvroRecord;
  readonly registered: string;
}

/** Renders src/generated/events.ts: an interface per record, a union per enum, a contract per topic. */
export function renderEvents(sources: readonly Source[]): string {
  const declarations = new Map<string, string>();
  for (const { id, record } of sources) declare(record, id, declarations);
  const contracts = sources.map((source) => renderContract(source));
  const names = sources.map(({ id }) => contractName(id));
  return [
    '// Generated from avro/*.avsc: run "npm run contracts:generate".',
    "import type { EventContract } from '../event-contract.js';",
    '',
    ...declarations.values(),
    ...contracts,
    '/** Every contract, in the order of their names. */',
    `export const contracts = [${names.join(', ')}] as const;`,
    '',
  ].join('\n');
}

function declare(type: AvroType, where: string, into: Map<string, string>): void {
  if (type.kind === 'array' || type.kind === 'map' || type.kind === 'nullable') declare(type.of, where, into);
  if (type.kind === 'enum') add(type.name, `/** ${type.doc} */\nexport type ${type.name} = ${type.symbols.map((s) => `'${s}'`).join(' | ')};\n`, where, into);
  if (type.kind !== 'record') return;
  for (const field of type.fields) declare(field.type, where, into);
  const body = type.fields.map((field) => `  /** ${field.doc} */\n  readonly ${field.name}: ${typeOf(field.type)};`).join('\n');
  add(type.name, `/** ${type.doc} */\nexport interface ${type.name} {\n${body}\n}\n`, where, into);
}

function add(name: string, text: string, where: string, into: Map<string, string>): void {
  const known = into.get(name);
  if (known !== undefined && known !== text) throw new ContractError(where, `"${name}" is declared differently elsewhere`);
  into.set(name, text);
}

function typeOf(type: AvroType): string {
  switch (type.kind) {
    case 'record':
    case 'enum':
      return type.name;
    case 'array':
      return `readonly ${group(typeOf(type.of))}[]`;
    case 'map':
      return `Readonly<Record<string, ${typeOf(type.of)}>>`;
    case 'nullable':
      return `${typeOf(type.of)} | null`;
    case 'primitive':
      return { boolean: 'boolean', string: 'string', bytes: 'Buffer' }[type.name] ?? 'number';
  }
}

function group(type: string): string {
  return type.includes(' ') ? `(${type})` : type;
}

/** `order-event` becomes `orderEvent`. */
export function contractName(id: string): string {
  return id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function renderContract({ id, record, registered }: Source): string {
  const { name: topic, key, ...settings } = topicOf(record);
  return [
    `/** ${record.doc} */`,
    `export const ${contractName(id)}: EventContract<${record.name}> = {`,
    `  name: '${record.name}',`,
    `  topic: '${topic}',`,
    `  settings: ${JSON.stringify(settings)},`,
    `  keyField: '${key}',`,
    `  key: (event) => event.${key},`,
    `  schema: ${JSON.stringify(registered)},`,
    `  rules: ${JSON.stringify(rulesOf(record, []))},`,
    '};',
    '',
  ].join('\n');
}

function topicOf(record: AvroRecord): NonNullable<AvroRecord['topic']> {
  if (record.topic === null) throw new ContractError(record.name, 'needs a "topic" attribute');
  return record.topic;
}

function rulesOf(record: AvroRecord, path: readonly string[]): object[] {
  return record.fields.flatMap((field) => {
    const here = [...path, field.name];
    const own = field.valid === null ? [] : [{ path: here, ...field.valid }];
    const { type } = field;
    const nested = type.kind === 'array' && type.of.kind === 'record' ? rulesOf(type.of, [...here, '[]']) : [];
    return [...own, ...nested];
  });
}
