import { z } from 'zod';
import { FLAGGED, LONGEST_ID } from './scored-order.js';

/** Control characters, lone surrogates, and what broken percent-encoding decodes to. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u{FFFD}]/u;
const LONGEST_NOTE = 2_000;
const LONGEST_NAME = 100;

const text = (longest: number) =>
  z
    .string('must be given once')
    .max(longest, `must not be longer than ${String(longest)} characters`)
    .refine((value) => !UNPRINTABLE.test(value), 'must not contain control characters or broken encoding');

const flag = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');
const truth = flag.default(false);

/** Where a page of cases ends: the last one's event time, ms, and id. */
export interface Cursor {
  readonly occurredAt: number;
  readonly orderId: string;
}

export const encodeCursor = ({ occurredAt, orderId }: Cursor): string => Buffer.from(JSON.stringify([occurredAt, orderId])).toString('base64url');

const cursorContent = z.tuple([z.int().min(0).max(253_402_300_799_999), text(LONGEST_ID)]);

const cursor = text(2_000).transform((value, context): Cursor => {
  const content = cursorContent.safeParse(parse(Buffer.from(value, 'base64url').toString()));
  if (content.success) return { occurredAt: content.data[0], orderId: content.data[1] };
  context.addIssue({ code: 'custom', message: 'must be the "next" of an earlier page' });
  return z.NEVER;
});

export const casesQuery = z
  .strictObject({
    decision: z.enum(FLAGGED, `must be one of ${FLAGGED.join(', ')}`).optional(),
    scenario: text(LONGEST_ID).optional(),
    minScore: text(20).regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'must be a number from 0 to 1').transform(Number).optional(),
    labelled: flag.optional(),
    q: text(LONGEST_ID).optional(),
    limit: text(3).regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.number().min(1).max(200, 'must be at most 200')).default(50),
    cursor: cursor.optional(),
    truth,
  })
  .refine(({ scenario, truth: shown }) => scenario === undefined || shown, { path: ['scenario'], message: 'is the truth: ask for it with truth=true' });
export type CasesQuery = z.infer<typeof casesQuery>;

export const caseParams = z.strictObject({ orderId: text(LONGEST_ID).min(1) });
export type CaseParams = z.infer<typeof caseParams>;

export const caseQuery = z.strictObject({ truth });
export type CaseQuery = z.infer<typeof caseQuery>;

export const verdictBody = z.strictObject({
  fraud: z.boolean('must be true or false'),
  decidedBy: text(LONGEST_NAME).trim().min(1, 'must say who decides'),
  note: z.string('must be text').max(LONGEST_NOTE, `must not be longer than ${String(LONGEST_NOTE)} characters`).refine((value) => !value.includes('\u0000'), 'must not contain NUL').optional(),
});
export type VerdictBody = z.infer<typeof verdictBody>;

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
