import { metricCatalogue, windowDefinitions } from '@millrace/contracts';
import { z } from 'zod';

/** Control characters, lone surrogates, and what broken percent-encoding decodes to. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u{FFFD}]/u;
const LONGEST_TEXT = 512;
/** Start of the year 10000: what RFC 3339 cannot say any more. */
const END_OF_TIME = 253_402_300_800_000;

export const text = z
  .string('must be given once')
  .max(LONGEST_TEXT, `must not be longer than ${String(LONGEST_TEXT)} characters`)
  .refine((value) => !UNPRINTABLE.test(value), 'must not contain control characters or broken encoding');

/** RFC 3339 with a zone, or milliseconds since 1970; gives milliseconds. */
export const instant = text
  .refine((value) => /^\d{1,15}$/.test(value) || z.iso.datetime({ offset: true }).safeParse(value).success, 'must be RFC 3339 with a zone, or milliseconds since 1970')
  .transform((value) => (/^\d+$/.test(value) ? Number(value) : Date.parse(value)))
  .refine((ms) => ms >= 0 && ms < END_OF_TIME, 'must lie between the years 1970 and 9999');

const windowName = z.enum(Object.keys(windowDefinitions) as [keyof typeof windowDefinitions], 'must be one of the windows in /api/metrics');

/** Every dimension of the catalogue is a filter of the same name. */
const dimensionNames = [...new Set(metricCatalogue.flatMap((metric) => metric.dimensions.flat()))].sort();
const filters = Object.fromEntries(dimensionNames.map((name) => [name, text.optional().describe(`Only where ${name} is this.`)]));

const by = text
  .regex(/^([a-z_]+(,[a-z_]+)*)?$/, 'must be names of dimensions, comma-separated')
  .transform((value) => (value === '' ? [] : value.split(',')))
  .optional()
  .describe('Only this set of dimensions, comma-separated; empty for the whole shop.');

export const limit = (most: number, fallback: number) =>
  text.regex(/^\d{1,6}$/, 'must be a whole number').transform(Number).pipe(z.number().min(1).max(most, `must be at most ${String(most)}`)).default(fallback);

export const metricParams = z.strictObject({ metric: text.regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be the name of a metric') });
export type MetricParams = z.infer<typeof metricParams>;

export const latestQuery = z.strictObject({ window: windowName.optional(), by, ...filters });
export type LatestQuery = z.infer<typeof latestQuery>;

export const seriesQuery = z
  .strictObject({
    window: windowName.optional(),
    from: instant.optional().describe('Earliest start, inclusive.'),
    to: instant.optional().describe('Latest start, exclusive.'),
    by,
    limit: limit(10_000, 2_000).describe('Most points of a series; the newest are kept.'),
    ...filters,
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, { path: ['from'], message: 'must be before to' });
export type SeriesQuery = z.infer<typeof seriesQuery>;

export const explainParams = z.strictObject({ metricKey: text.min(1), window: windowName, start: instant });
export type ExplainParams = z.infer<typeof explainParams>;

/** The dimension filters among the parameters of a query. */
export function filtersOf(query: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(dimensionNames.flatMap((name) => (typeof query[name] === 'string' ? [[name, query[name]]] : [])));
}
