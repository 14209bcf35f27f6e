import { z } from 'zod';

const text = z.string().min(1);
/** A secret is never written into the file: it is the name of an environment variable, or of a file. */
export const secretReference = z.union([z.strictObject({ env: text }), z.strictObject({ file: text })], {
  error: 'must be a reference: { env: NAME } or { file: PATH }',
});
export type SecretReference = z.output<typeof secretReference>;

const common = {
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and "-", at most 63, a letter first'),
  /** Every label named must have one of the values. */
  match: z.record(text, z.union([text, z.array(text).min(1)])).default({}),
  sendResolved: z.boolean().default(true),
  /** Seconds before each attempt. */
  retry: z.array(z.number().min(0).max(86_400)).min(1).max(20).optional(),
};

const outside = {
  ...common,
  concurrency: z.int().min(1).max(20).optional(),
  allowPrivate: z.array(z.url()).default([]),
};

const log = z.strictObject({ ...common, type: z.literal('log') });

const webhook = z.strictObject({
  ...outside,
  type: z.literal('webhook'),
  url: z.union([z.url(), secretReference], { error: 'must be a URL, { env: NAME } or { file: PATH }' }),
  /** The first signs as the current one; more than one while they rotate. */
  secrets: z.array(secretReference).min(1).max(3),
});

const slack = z.strictObject({
  ...outside,
  type: z.literal('slack'),
  // Whoever knows an incoming webhook's URL can post: the URL is the secret.
  url: secretReference,
  allowHosts: z.array(text).default([]),
});

const email = z
  .strictObject({
    ...common,
    type: z.literal('email'),
    to: z.array(z.email('must be an e-mail address')).min(1).max(50),
    from: z.email('must be an e-mail address'),
    host: text.max(253).regex(/^[a-zA-Z0-9.:_-]+$/, 'must be the name or address of an SMTP server'),
    port: z.int().min(1).max(65_535).default(587),
    /** starttls: refused unless the server offers it; implicit: from the first byte; none: readable on the way. */
    tls: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
    username: text.optional(),
    password: secretReference.optional(),
    concurrency: z.int().min(1).max(20).optional(),
    /** The server may have a private address: a relay in the house. */
    allowPrivate: z.boolean().default(false),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), { path: ['password'], error: 'username and password go together' });

export const receiverSchema = z.discriminatedUnion('type', [log, webhook, slack, email]);
export type ReceiverText = z.output<typeof receiverSchema>;

/** The envelope: each receiver is checked on its own, so that one mistake hides no other. */
export const receiverFileSchema = z.strictObject({ version: z.literal(1), receivers: z.array(z.unknown()).min(1) });
