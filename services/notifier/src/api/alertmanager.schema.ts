import { z } from 'zod';
import { moment, writable } from './texts.js';

/** Go's zero time: amtool writes it for "not said". */
const NO_TIME = '0001-01-01T00:00:00';

/** Null: not said. */
const optionalTime = z.union([z.literal(''), moment]).nullish().transform((text) => (text == null || text === '' || text.startsWith(NO_TIME) ? null : Date.parse(text)));
const labels = z.record(writable, writable);

/** An alert as Prometheus and amtool send it. */
export const postableAlert = z
  .object({
    labels: labels.transform((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))),
    annotations: labels.nullish().transform((all) => all ?? {}),
    startsAt: optionalTime,
    endsAt: optionalTime,
    generatorURL: writable.nullish().transform((url) => url ?? ''),
  })
  .refine((alert) => Object.keys(alert.labels).length > 0, 'at least one label is needed')
  .refine((alert) => !Object.hasOwn(alert.labels, ''), 'a label needs a name')
  .refine(({ startsAt, endsAt }) => startsAt === null || endsAt === null || startsAt <= endsAt, 'the start must not be after the end');
export type PostableAlert = z.output<typeof postableAlert>;

const matcher = z.object({
  name: writable.min(1),
  value: writable,
  isRegex: z.boolean(),
  isEqual: z.boolean().nullish().transform((isEqual) => isEqual ?? true),
});

/** A silence as amtool sends it; with `id`: to change that one. */
export const postableSilence = z.object({
  id: z.union([z.literal(''), z.uuid()]).nullish().transform((id) => (id == null || id === '' ? null : id)),
  matchers: z.array(matcher).min(1, 'at least one matcher is needed'),
  startsAt: moment.transform((text) => new Date(text)),
  endsAt: moment.transform((text) => new Date(text)),
  createdBy: writable,
  comment: writable,
});
export type PostableSilence = z.output<typeof postableSilence>;

/** Which alerts are asked for. */
const flag = z.enum(['true', 'false']).default('true').transform((text) => text === 'true');
const filters = z.union([z.string(), z.array(z.string())]).default([]).transform((filter) => (typeof filter === 'string' ? [filter] : filter));
export const alertsQuery = z.object({ active: flag, silenced: flag, inhibited: flag, unprocessed: flag, filter: filters, receiver: z.string().optional() });
export type AlertsQuery = z.output<typeof alertsQuery>;
export const silencesQuery = z.object({ filter: filters });
export type SilencesQuery = z.output<typeof silencesQuery>;
