import avsc from 'avsc';

/** A schema that cannot be read where every version must read every other. */
export interface Incompatibility {
  /** Which way it fails: does the new schema fail to read old data, or the old schema to read new data? */
  readonly direction: 'backward' | 'forward';
  /** Version of the older schema, counted from 1. */
  readonly version: number;
  readonly reason: string;
}

/**
 * Checks FULL_TRANSITIVE compatibility without a registry: the candidate must read and be read by each earlier version
 * (Avro specification, "Schema Resolution").
 */
export function findIncompatibilities(history: readonly string[], candidate: string): Incompatibility[] {
  const found: Incompatibility[] = [];
  for (const [index, earlier] of history.entries()) {
    const backward = resolutionError({ reader: candidate, writer: earlier });
    if (backward !== null) found.push({ direction: 'backward', version: index + 1, reason: backward });
    const forward = resolutionError({ reader: earlier, writer: candidate });
    if (forward !== null) found.push({ direction: 'forward', version: index + 1, reason: forward });
  }
  return found;
}

function resolutionError(schemas: { reader: string; writer: string }): string | null {
  const reader = avsc.Type.forSchema(parse(schemas.reader), { registry: {} });
  const writer = avsc.Type.forSchema(parse(schemas.writer), { registry: {} });
  try {
    reader.createResolver(writer);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function parse(schema: string): avsc.Schema {
  return JSON.parse(schema) as avsc.Schema;
}
