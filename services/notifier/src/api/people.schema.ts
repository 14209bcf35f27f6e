import { z } from 'zod';
import { VERDICTS } from '../people/action-store.js';
import { durationMs } from '../routing/duration.js';
import { moment, writable } from './texts.js';

const MAX_TOKEN = 500;
const MOST_MS = 30 * 86_400_000;

const line = writable.trim().max(2_000);

/** Who says it, by name or by the token of a link, and of which outage: the alert's latest, or the one that began at `startsAt`. */
const answer = {
  by: line.min(1, 'say who you are').max(200).optional(),
  token: z.string().max(MAX_TOKEN).optional(),
  comment: line.default(''),
  startsAt: moment.transform((text) => new Date(text)).optional(),
};

function answering<S extends z.ZodRawShape>(more: S) {
  return z.strictObject({ ...answer, ...more }).superRefine((body, context) => {
    const { by, token, startsAt } = body as z.output<z.ZodObject<typeof answer>>;
    if ((by === undefined) === (token === undefined)) context.addIssue({ code: 'custom', path: ['by'], message: 'say who you are: by, or the token of a link' });
    if (token !== undefined && startsAt === undefined) context.addIssue({ code: 'custom', path: ['startsAt'], message: 'a token is for one outage: say which' });
  });
}

export const actionBody = answering({});
export type ActionBody = z.output<typeof actionBody>;

export const commentBody = actionBody.refine(({ comment }) => comment !== '', { path: ['comment'], message: 'say something' });

export const verdictBody = answering({ verdict: z.enum(VERDICTS) });
export type VerdictBody = z.output<typeof verdictBody>;

export const snoozeBody = answering({
  for: z.string().transform((text, context) => {
    const ms = durationMs(text);
    if (ms === null || ms <= 0 || ms > MOST_MS) context.addIssue({ code: 'custom', message: 'must be a duration such as 2h, at most 30d' });
    return ms ?? 0;
  }),
});
export type SnoozeBody = z.output<typeof snoozeBody>;
