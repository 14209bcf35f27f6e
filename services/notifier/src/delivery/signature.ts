import { Webhook } from 'standardwebhooks';

const PREFIX = 'whsec_';
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

/** Whether a secret has the form and the length that Standard Webhooks asks for. */
export function canSign(secret: string): boolean {
  const text = bare(secret);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return false;
  const { length } = Buffer.from(text, 'base64');
  return length >= LEAST_BYTES && length <= MOST_BYTES;
}

/**
 * The headers that prove where a message is from: id, time of this attempt, and one signature per secret; without any it is not signed.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signedHeaders(secrets: readonly string[], message: { readonly id: string; readonly body: string; readonly at: Date }): Readonly<Record<string, string>> {
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(Math.floor(message.at.getTime() / 1_000)),
    ...(secrets.length === 0 ? {} : { 'webhook-signature': secrets.map((secret) => new Webhook(padded(secret)).sign(message.id, message.at, message.body)).join(' ') }),
  };
}

function bare(secret: string): string {
  return secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
}

/** The library refuses base64 without its padding, which secrets are often written without. */
function padded(secret: string): string {
  const text = bare(secret).replace(/=+$/, '');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}
