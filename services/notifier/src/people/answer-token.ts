import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { PostgresSession } from '@millrace/stores';

const KEY_BYTES = 32;
const MAC_BYTES = 16;
/** Verdicts come late; a link in an old message should not answer for ever. */
const LIFE_MS = 14 * 86_400_000;

/** What a token lets its holder answer. */
export interface Answerable {
  readonly fingerprint: string;
  /** Of the outage, as the message says it, ms. */
  readonly startsAt: number;
}

/** What made a token useless. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

/** A lane's key, made by whoever needs it first. */
const KEY = `
with made as (insert into link_keys (lane, key) values ($1, $2) on conflict do nothing returning key)
select key from made union all select key from link_keys where lane = $1 limit 1`;

/** Tokens in links, by which whoever got a message answers without an account: for one outage, in a receiver's name, until they expire. */
export class AnswerTokens {
  #key: Buffer | null = null;

  constructor(
    private readonly session: PostgresSession,
    private readonly lane: string,
  ) {}

  /** Reads the lane's key. Throws `StoreError`s. */
  async open(): Promise<void> {
    const [row] = await this.session.query<{ key: Buffer }>(KEY, [this.lane, randomBytes(KEY_BYTES)]);
    this.#key = row?.key ?? null;
  }

  /** Null as long as the key is not known. */
  sign(outage: Answerable, receiver: string, now: number): string | null {
    const expires = now + LIFE_MS;
    const mac = this.#mac(outage, receiver, expires);
    return mac === null ? null : [expires.toString(36), Buffer.from(receiver).toString('base64url'), mac.toString('base64url')].join('.');
  }

  /** The receiver in whose name it answers. Throws {@link TokenError}. */
  verify(token: string, outage: Answerable, now: number): string {
    const [expiry = '', encoded = '', signature = '', ...more] = token.split('.');
    const expires = Number.parseInt(expiry, 36);
    const receiver = Buffer.from(encoded, 'base64url').toString();
    const mac = this.#mac(outage, receiver, expires);
    const given = Buffer.from(signature, 'base64url');
    if (mac === null || more.length > 0 || given.length !== MAC_BYTES || !timingSafeEqual(mac, given)) throw new TokenError('The link does not belong to this alert, or is not whole.');
    if (now > expires) throw new TokenError('The link has expired: open the alert and answer there.');
    return receiver;
  }

  #mac({ fingerprint, startsAt }: Answerable, receiver: string, expires: number): Buffer | null {
    if (this.#key === null) return null;
    return createHmac('sha256', this.#key).update(JSON.stringify([this.lane, fingerprint, startsAt, receiver, expires])).digest().subarray(0, MAC_BYTES);
  }
}
