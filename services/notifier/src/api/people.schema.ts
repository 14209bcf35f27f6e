import { z } from 'zod';
import { durationMs } from '../routing/duration.js';
import { moment, writable } from './texts.js';

const line = writable.trim().max(2_000);
const author = line.min(1, 'say who you are').max(200);
const startsAt = moment.transform((text) => new Date(text)).optional();

/** What somebody says about an outage: the alert's latest, or the one that began at `startsAt`. */
export const actionBody = z.strictObject({ by: author, comment: line.default(''), startsAt });
export type ActionBody = z.output<typeof actionBody>;

export const commentBody = actionBody.extend({ comment: line.min(1, 'say something') });
export type CommentBody = z.output<typeof commentBody>;

const MOST_MS = 30 * 86_400_000;
export const snoozeBody = actionBody.extend({
  for: z.string().transform((text, context) => {
    const ms = durationMs(text);
    if (ms === null || ms <= 0 || ms > MOST_MS) context.addIssue({ code: 'custom', message: 'must be a duration such as 2h, at most 30d' });
    return ms ?? 0;
  }),
});
export type SnoozeBody = z.output<typeof snoozeBody>;
