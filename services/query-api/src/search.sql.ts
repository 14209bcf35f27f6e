/** SQL: the text expression has that text in it, in any case. */
export const contains = (searched: string, expression: string): string => `position(lower(${searched}) in lower(${expression})) > 0`;

/** A time in ms as PostgreSQL reads it. */
export const instantOf = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
