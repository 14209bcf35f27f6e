import { z } from 'zod';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** As long as scores are kept. */
const LONGEST_WITHIN_MS = 604_800_000;
const DEFAULT_WITHIN_MS = 3_600_000;
const DURATION = /^(\d+)(ms|s|m|h|d)$/;

/** Text such as `90s`, `5m` or `2h`, in ms. */
export function durationMs(text: string): number {
  const [, amount, unit] = DURATION.exec(text) ?? [];
  return Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN);
}

const duration = z.string().regex(DURATION, 'write a duration such as 5m').transform(durationMs);

const hold = z
  .union([
    z.int().min(1).transform((windows) => ({ windows, ms: 0 })),
    z.string().regex(DURATION, 'write a number of windows, or a duration such as 5m').transform((text) => ({ windows: 1, ms: durationMs(text) })),
  ])
  .default({ windows: 1, ms: 0 });

const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const text = z.string().min(1);

const named = {
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and "-", at most 63, a letter first'),
  severity: z.enum(['critical', 'warning', 'info']).default('warning'),
  labels: z.record(z.string().regex(LABEL, 'a label name has letters, digits and "_"'), text).default({}),
  annotations: z.record(text, text).default({}),
  runbook: z.url({ protocol: /^https$/, error: 'write an https link' }).optional(),
};

const common = { ...named, for: hold, when: text.optional() };

const source = {
  metric: text,
  window: z.enum(['1m', '10m', '1h', '1d', '1mo']),
  match: z.record(text, z.union([text, z.array(text).min(1)])).default({}),
};

const series = { ...source, decide: z.enum(['early', 'complete', 'each']).optional() };

const direction = z.enum(['up', 'down', 'both']).default('up');

const threshold = z.strictObject({
  ...common,
  ...series,
  kind: z.literal('threshold'),
  is: z.enum(['>', '>=', '<', '<=']),
  value: z.number(),
  clear: z.number().optional(),
});

const spike = z.strictObject({
  ...common,
  ...series,
  kind: z.literal('spike'),
  direction,
  baseline: z.int().min(2).max(1_000).default(60),
  minSamples: z.int().min(2).optional(),
  minBaseline: z.number().min(0).default(0),
  minChange: z.number().min(0).default(0),
  deviations: z.number().positive().optional(),
  ratio: z.number().gt(1).optional(),
  clear: z.number().positive().optional(),
});

const rate = z.strictObject({
  ...common,
  ...series,
  kind: z.literal('rate'),
  direction,
  over: z.int().min(1).max(1_000),
  percent: z.number().positive().optional(),
  change: z.number().positive().optional(),
  clear: z.number().min(0).optional(),
  minBase: z.number().min(0).default(0),
});

const seasonal = z.strictObject({
  ...common,
  ...series,
  kind: z.literal('seasonal'),
  direction,
  season: z.enum(['day', 'week']).default('day'),
  slot: duration.optional(),
  minSeasons: z.int().min(1).max(30).default(3),
  fallback: z.enum(['recent', 'silent']).default('silent'),
  minBaseline: z.number().min(0).default(0),
  minChange: z.number().min(0).default(0),
  deviations: z.number().positive().optional(),
  clear: z.number().positive().optional(),
});

const absence = z.strictObject({
  ...named,
  ...source,
  kind: z.literal('absence'),
  for: duration,
  scope: z.enum(['series', 'metric']).default('series'),
  expected: z.boolean().default(false),
});

const lowStock = z.strictObject({
  ...common,
  kind: z.literal('low-stock'),
  level: z.union([z.literal('reorder-point'), z.number().min(0)]).default('reorder-point'),
  products: z.array(text).min(1).optional(),
});

const order = z.strictObject({
  ...named,
  kind: z.literal('order'),
  when: text,
  by: z.array(z.enum(['order', 'customer'])).max(2).default([]),
  atLeast: z.int().min(1).max(10_000).default(1),
  within: duration.refine((ms) => ms >= 1_000 && ms <= LONGEST_WITHIN_MS, 'from 1s to 7d').default(DEFAULT_WITHIN_MS),
  maxFiring: z.int().min(1).max(10_000).default(1_000),
});

export const ruleSchema = z.discriminatedUnion('kind', [threshold, spike, rate, seasonal, absence, lowStock, order]);
export type RuleText = z.output<typeof ruleSchema>;
export type OrderRuleText = Extract<RuleText, { kind: 'order' }>;
export type WindowRuleText = Exclude<RuleText, OrderRuleText>;
export type SeriesRuleText = Exclude<WindowRuleText, { kind: 'low-stock' }>;

/** The envelope: each rule is checked on its own, so that one mistake hides no other. */
export const ruleFileSchema = z.strictObject({ version: z.literal(1), rules: z.array(z.unknown()) });
