import type { AlertDetailDto } from '../wire.dto.js';
import { ANSWERS, type Answer } from './alert.answer.js';

/** Which alert the address of the page names; messages to people link there. */
export interface AlertLink {
  readonly fingerprint: string;
  /** When the outage began: ms or RFC 3339; empty: the latest. */
  readonly startsAt: string;
  /** Of a message's link: whoever has it may answer. */
  readonly token?: string;
  /** What the link answers at once. */
  readonly answer?: Answer;
}

const FINGERPRINT = 'alert';
const STARTS_AT = 'startsAt';
const TOKEN = 'token';
const ANSWER = 'answer';

/** Null where the address names none. */
export function linkOf(search: string): AlertLink | null {
  const query = new URLSearchParams(search);
  const fingerprint = query.get(FINGERPRINT) ?? '';
  if (fingerprint === '') return null;
  const token = query.get(TOKEN);
  const answer = ANSWERS.find((one) => one === query.get(ANSWER));
  return { fingerprint, startsAt: query.get(STARTS_AT) ?? '', ...(token === null ? {} : { token }), ...(answer === undefined ? {} : { answer }) };
}

export function linkTo({ fingerprint, startsAt }: Pick<AlertDetailDto['alert'], 'fingerprint' | 'startsAt'>): AlertLink {
  return { fingerprint, startsAt: String(Date.parse(startsAt)) };
}

/** The same address, naming that alert; null: none. Everything else in it stays, but for what a link answered with. */
export function addressOf(href: string, link: AlertLink | null): string {
  const url = new URL(href);
  url.searchParams.delete(FINGERPRINT);
  for (const name of [STARTS_AT, TOKEN, ANSWER]) url.searchParams.delete(name);
  if (link !== null) url.searchParams.set(FINGERPRINT, link.fingerprint);
  if (link !== null && link.startsAt !== '') url.searchParams.set(STARTS_AT, link.startsAt);
  return url.href;
}

/** Where the API gives the alert; null where there can be none of that name. */
export function alertPath({ fingerprint, startsAt }: AlertLink): string | null {
  if (!/^[0-9a-f]{16}$/.test(fingerprint)) return null;
  return `/api/alerts/${fingerprint}${startsAt === '' ? '' : `?${new URLSearchParams({ startsAt }).toString()}`}`;
}
