import { z } from 'zod';
import { SpecError } from './import.errors.js';

/** What a field of a contract takes. */
export type AvroType =
  | { readonly kind: 'text' | 'whole' | 'boolean' | 'number' }
  | { readonly kind: 'words'; readonly symbols: readonly string[] }
  | { readonly kind: 'records'; readonly fields: readonly AvroField[] }
  | { readonly kind: 'other'; readonly name: string };

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  /** True where the schema has no default. */
  readonly required: boolean;
  readonly fallback: unknown;
}

const recordSchema = z.object({ fields: z.array(z.object({ name: z.string(), type: z.unknown(), default: z.unknown().optional() })) });
const namedType = z.object({ type: z.string(), symbols: z.array(z.string()).optional(), items: z.unknown().optional() });

/** Fields of an Avro record in JSON, as far as our contracts go. */
export function parseRecord(schema: string): AvroField[] {
  return fieldsOf(JSON.parse(schema));
}

function fieldsOf(record: unknown): AvroField[] {
  return recordSchema.parse(record).fields.map((field) => ({
    name: field.name,
    type: typeOf(field.type),
    required: !('default' in field),
    fallback: field.default,
  }));
}

function typeOf(type: unknown): AvroType {
  if (Array.isArray(type)) {
    const [first, ...rest] = type.filter((branch) => branch !== 'null') as unknown[];
    if (rest.length > 0) throw new SpecError([], 'unions of two types cannot be imported');
    return typeOf(first);
  }
  if (typeof type === 'string') return plain(type);
  const named = namedType.parse(type);
  if (named.type === 'enum') return { kind: 'words', symbols: named.symbols ?? [] };
  if (named.type === 'array') return { kind: 'records', fields: fieldsOf(named.items) };
  return plain(named.type);
}

function plain(name: string): AvroType {
  if (name === 'string') return { kind: 'text' };
  if (name === 'int' || name === 'long') return { kind: 'whole' };
  if (name === 'boolean') return { kind: 'boolean' };
  if (name === 'double' || name === 'float') return { kind: 'number' };
  return { kind: 'other', name };
}
