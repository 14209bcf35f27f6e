import { z } from 'zod';
import { moment } from './texts.js';

const MOST_IDS = 1_000;
/** What ended without the receiver having it, and what it had. `suppressed` is not among them: what was not live pages nobody. */
const STATES = ['failed', 'disabled', 'delivered'] as const;

const time = moment.transform((text) => new Date(text));

/** Which deliveries are to be sent again. */
export const redeliveryBody = z
  .strictObject({
    ids: z.array(z.int().min(1)).min(1).max(MOST_IDS, `must be at most ${MOST_IDS}`).optional(),
    receiver: z.string().min(1).max(200).refine((name) => !name.includes('\u0000'), 'must be a name').optional(),
    states: z.array(z.enum(STATES, `must be one of ${STATES.join(', ')}`)).min(1).default(['failed', 'disabled']),
    /** When they were queued; the end is not included. */
    from: time.optional(),
    to: time.optional(),
    dryRun: z.boolean().default(false),
  })
  .refine(({ ids, from }) => ids !== undefined || from !== undefined, { path: ['from'], message: 'say which: ids, or a period that begins at from' })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, { path: ['to'], message: 'must be after from' });
export type RedeliveryBody = z.infer<typeof redeliveryBody>;
