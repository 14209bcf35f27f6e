import { z } from 'zod';
import { text } from './query.schema.js';

/** Where a page ends: when its last row was, RFC 3339 in UTC with microseconds, and the row's id. */
export interface Cursor {
  readonly at: string;
  readonly id: number | string;
}

/** What a list is asked for besides its filters. */
export interface Paging {
  readonly limit: number;
  readonly cursor?: Cursor | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** The cursor of the page after this; null: there is none. */
  readonly next: string | null;
}

/** A row that says where it stands in its list: `place` as {@link placeOf} has it. */
export interface PlacedRow {
  readonly id: number | string;
  readonly place: string;
}

const UTC = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

/** SQL of a row's place: JavaScript's times would lose the microseconds, and a page would begin with rows of the one before. */
export const placeOf = (column: string): string => `to_char(${column} at time zone 'UTC', ${UTC}) as place`;

const encode = ({ place, id }: PlacedRow): string => Buffer.from(JSON.stringify([place, id])).toString('base64url');

/** The parameter `cursor` of a list whose ids are like `id`. */
export function cursorOf(id: z.ZodType<number | string>) {
  const at = z.iso.datetime({ precision: 6 }).refine((value) => Date.parse(value) >= 0);
  const content = z.tuple([at, id]);
  return text
    .transform((value, context): Cursor => {
      const found = content.safeParse(parse(Buffer.from(value, 'base64url').toString()));
      if (found.success) return { at: found.data[0], id: found.data[1] };
      context.addIssue({ code: 'custom', message: 'must be the "next" of an earlier page' });
      return z.NEVER;
    })
    .optional()
    .describe('The "next" of the page before.');
}

/** The page of rows that were read with a limit of one more than `limit`. */
export function pageOf<R extends PlacedRow, T>(rows: readonly R[], limit: number, toItem: (row: R) => T): Page<T> {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { items: shown.map(toItem), next: last === undefined ? null : encode(last) };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
