/** The part of Avro that our contracts use; anything else is refused, so that no type is ever rendered wrong. */
export interface AvroRecord {
  readonly kind: 'record';
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly AvroField[];
  readonly topic: TopicAttribute | null;
}

export interface AvroField {
  readonly name: string;
  readonly doc: string;
  readonly type: AvroType;
  readonly valid: Readonly<Record<string, number | string>> | null;
}

export type AvroType =
  | AvroRecord
  | { readonly kind: 'enum'; readonly name: string; readonly doc: string; readonly symbols: readonly string[] }
  | { readonly kind: 'array' | 'map'; readonly of: AvroType }
  | { readonly kind: 'nullable'; readonly of: AvroType }
  | { readonly kind: 'primitive'; readonly name: string; readonly logicalType: string | null };

export interface TopicAttribute {
  readonly name: string;
  readonly key: string;
  readonly partitions: number;
  readonly retentionMs: number;
  readonly cleanupPolicy: string;
  readonly maxMessageBytes: number;
}

/** The schema says something that the generator cannot render. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
  constructor(where: string, problem: string) {
    super(`${where}: ${problem}`);
  }
}

const PRIMITIVES = new Set(['boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);
type Json = Readonly<Record<string, unknown>>;

/** Reads one `.avsc` file that declares a topic's event. Throws {@link ContractError}. */
export function parseRecord(json: unknown, where: string): AvroRecord {
  const type = parseType(json, where);
  if (type.kind !== 'record') throw new ContractError(where, 'must be a record');
  if (type.topic === null) throw new ContractError(where, 'needs a "topic" attribute');
  const { key } = type.topic;
  if (!type.fields.some((field) => field.name === key)) throw new ContractError(where, `key field "${key}" does not exist`);
  return type;
}

function parseType(json: unknown, where: string): AvroType {
  if (typeof json === 'string') return primitive(json, null, where);
  if (Array.isArray(json)) return nullable(json, where);
  const node = asObject(json, where);
  switch (node['type']) {
    case 'record':
      return record(node, where);
    case 'enum':
      return enumeration(node, where);
    case 'array':
      return { kind: 'array', of: parseType(node['items'], `${where}[]`) };
    case 'map':
      return { kind: 'map', of: parseType(node['values'], `${where}{}`) };
    default:
      return primitive(text(node, 'type', where), typeof node['logicalType'] === 'string' ? node['logicalType'] : null, where);
  }
}

function primitive(name: string, logicalType: string | null, where: string): AvroType {
  if (!PRIMITIVES.has(name)) throw new ContractError(where, `type "${name}" is not supported`);
  if (logicalType !== null && logicalType !== 'timestamp-millis') throw new ContractError(where, `logical type "${logicalType}" is not supported`);
  return { kind: 'primitive', name, logicalType };
}

function nullable(branches: readonly unknown[], where: string): AvroType {
  if (branches.length !== 2 || branches[0] !== 'null') throw new ContractError(where, 'a union must be ["null", T]');
  return { kind: 'nullable', of: parseType(branches[1], where) };
}

function enumeration(node: Json, where: string): AvroType {
  const symbols = node['symbols'];
  if (!Array.isArray(symbols) || !symbols.every((symbol) => typeof symbol === 'string')) throw new ContractError(where, 'needs symbols');
  if (!symbols.includes(text(node, 'default', where))) throw new ContractError(where, 'default must be one of the symbols');
  return { kind: 'enum', name: text(node, 'name', where), doc: text(node, 'doc', where), symbols };
}

function record(node: Json, where: string): AvroRecord {
  const fields = node['fields'];
  if (!Array.isArray(fields)) throw new ContractError(where, 'needs fields');
  return {
    kind: 'record',
    name: text(node, 'name', where),
    doc: text(node, 'doc', where),
    fields: fields.map((field: unknown) => parseField(asObject(field, where), where)),
    topic: node['topic'] === undefined ? null : (node['topic'] as TopicAttribute),
  };
}

function parseField(node: Json, where: string): AvroField {
  const name = text(node, 'name', where);
  const at = `${where}.${name}`;
  const type = parseType(node['type'], at);
  if (type.kind === 'nullable' && node['default'] !== null) throw new ContractError(at, 'an optional field needs the default null');
  return { name, doc: text(node, 'doc', at), type, valid: (node['valid'] as AvroField['valid'] | undefined) ?? null };
}

function text(node: Json, attribute: string, where: string): string {
  const value = node[attribute];
  if (typeof value !== 'string' || value === '') throw new ContractError(where, `needs a "${attribute}"`);
  return value;
}

function asObject(json: unknown, where: string): Json {
  if (typeof json !== 'object' || json === null) throw new ContractError(where, 'must be an object');
  return json as Json;
}
