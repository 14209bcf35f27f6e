import { z } from 'zod';
import { parseLabelMatchers } from './label-matchers.js';
import { cursorOf } from './page.js';
import { instant, limit, text } from './query.schema.js';

const fingerprint = text.regex(/^[0-9a-f]{16}$/, 'must be 16 hex digits');
const flag = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true').optional();
const search = text.trim().optional().transform((value) => (value === '' ? undefined : value));

const match = text
  .transform((value, context) => {
    const matchers = parseLabelMatchers(value);
    // Escapes may hide what no parameter may have.
    if (matchers?.every(({ name, value: wanted }) => text.safeParse(name).success && text.safeParse(wanted).success) === true) return matchers;
    context.addIssue({ code: 'custom', message: 'must be like product="p1", country!="DE"; expressions are not searched for' });
    return z.NEVER;
  })
  .optional();

/** A list between two times, newest first. */
const between = (id: z.ZodType<number | string>, what: string) => ({
  from: instant.optional().describe(`Earliest ${what}, inclusive.`),
  to: instant.optional().describe(`Latest ${what}, exclusive.`),
  limit: limit(500, 50),
  cursor: cursorOf(id),
});
interface Between {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}
const isForward = ({ from, to }: Between): boolean => from === undefined || to === undefined || from < to;
const BACKWARD = { path: ['from'], message: 'must be before to' };
const rowId = z.int().min(1);

export const alertsQuery = z
  .strictObject({
    status: z.enum(['firing', 'resolved'], 'must be firing or resolved').optional(),
    severity: text.optional(),
    rule: text.optional(),
    q: search.describe('Text in the values of its labels or annotations.'),
    match: match.describe('Matchers of its labels as Alertmanager writes them, without expressions: product="p1", country!="DE".'),
    told: flag.describe('Whether a message about it reached a receiver that is no log.'),
    acknowledged: flag.describe('Whether somebody has taken it on.'),
    ...between(rowId, 'start'),
  })
  .refine(isForward, BACKWARD);
export type AlertsQuery = z.infer<typeof alertsQuery>;

export const alertParams = z.strictObject({ fingerprint });
export type AlertParams = z.infer<typeof alertParams>;

export const alertQuery = z.strictObject({ startsAt: instant.optional().describe('When the outage began, as it was told then or is known now; by default the latest outage.') });
export type AlertQuery = z.infer<typeof alertQuery>;

export const deliveriesQuery = z
  .strictObject({
    state: z.enum(['pending', 'delivered', 'failed', 'disabled', 'suppressed', 'replaced'], 'must be a state of deliveries').optional(),
    receiver: text.optional(),
    fingerprint: fingerprint.optional().describe('Only those that told of this alert.'),
    q: search.describe('Text in the receiver, the integration, the labels of the group or the last error.'),
    ...between(rowId, 'creation'),
  })
  .refine(isForward, BACKWARD);
export type DeliveriesQuery = z.infer<typeof deliveriesQuery>;

export const silencesQuery = z.strictObject({
  state: z.enum(['pending', 'active', 'expired'], 'must be pending, active or expired').optional(),
  author: text.optional(),
  q: search.describe('Text in the author, the comment or the matchers.'),
  limit: limit(500, 50),
  cursor: cursorOf(z.uuid()),
});
export type SilencesQuery = z.infer<typeof silencesQuery>;

export const actionsQuery = z
  .strictObject({
    action: z.enum(['acknowledged', 'unacknowledged', 'commented', 'snoozed', 'judged'], 'must be a kind of action').optional(),
    author: text.optional(),
    fingerprint: fingerprint.optional().describe('Only what was done about this alert.'),
    q: search.describe('Text in the author, the comment or the name of the alert.'),
    ...between(rowId, 'time'),
  })
  .refine(isForward, BACKWARD);
export type ActionsQuery = z.infer<typeof actionsQuery>;
