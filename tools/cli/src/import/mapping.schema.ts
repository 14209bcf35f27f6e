import { z } from 'zod';

/** An expression or condition; the compilers check it and say where it is wrong. */
const expression = z.unknown();
const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, 'must be letters, digits, "_" or "-"');
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const format = z.strictObject({
  format: z.enum(['csv', 'json', 'jsonl']).default('csv'),
  delimiter: z.string().length(1).default(','),
  quote: z.union([z.string().length(1), z.null()]).default('"'),
  encoding: z.string().refine(isEncoding, 'is no encoding; try utf-8, latin1, windows-1252 or utf-16le').default('utf-8'),
  header: z.boolean().default(true),
  columns: z.array(z.string().min(1)).min(1).optional(),
  trim: z.boolean().default(false),
  nulls: z.array(z.string()).default(['']),
});

const join = z.strictObject({
  file: z.string().min(1),
  key: z.string().min(1),
  on: expression,
  order: z.string().min(1).optional(),
  ...format.partial().shape,
});

const output = z.strictObject({
  name,
  topic: z.string(),
  type: z.string(),
  when: expression.optional(),
  at: expression,
  id: z.array(expression).min(1).optional(),
  occurrence: z.boolean().default(false),
  group: z.strictObject({ by: z.array(expression).min(1), order: z.enum(['file', 'time']).default('file') }).optional(),
  fields: z.record(z.string(), expression),
});

const input = z.strictObject({
  files: z.array(z.string().min(1)).min(1).optional(),
  ...format.shape,
  optional: z.array(z.string()).default([]),
  joins: z.record(name, join).default({}),
  reject: z.array(z.strictObject({ when: expression, reason: z.string().min(1) })).default([]),
  outputs: z.array(output).min(1),
});

/** The outer form of a mapping file. */
export const mappingSchema = z.strictObject({
  mapping: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be a lower-case letter, then at most 30 lower-case letters, digits or "-"'),
  title: z.string().min(1),
  source: z.string().optional(),
  timeZone: z.string(),
  clockChange: z
    .strictObject({ gap: z.enum(['forward', 'reject']).default('forward'), overlap: z.enum(['earlier', 'later', 'reject']).default('earlier') })
    .default({ gap: 'forward', overlap: 'earlier' }),
  /** `full`, or how far rows may be from the order of their times. */
  sort: z.string().default('full'),
  lookups: z.record(name, z.record(z.string(), scalar)).default({}),
  inputs: z.array(input).min(1),
});

export type MappingSpec = z.infer<typeof mappingSchema>;
export type InputSpec = MappingSpec['inputs'][number];
export type OutputSpec = InputSpec['outputs'][number];
export type JoinSpec = InputSpec['joins'][string];
export type FormatSpec = z.infer<typeof format>;

function isEncoding(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
