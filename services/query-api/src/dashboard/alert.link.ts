import type { AlertDetailDto } from '../wire.dto.js';

/** Which alert the address of the page names; messages to people link there. */
export interface AlertLink {
  readonly fingerprint: string;
  /** When the outage began: ms or RFC 3339; empty: the latest. */
  readonly startsAt: string;
}

const FINGERPRINT = 'alert';
const STARTS_AT = 'startsAt';

/** Null where the address names none. */
export function linkOf(search: string): AlertLink | null {
  const query = new URLSearchParams(search);
  const fingerprint = query.get(FINGERPRINT) ?? '';
  return fingerprint === '' ? null : { fingerprint, startsAt: query.get(STARTS_AT) ?? '' };
}

export function linkTo({ fingerprint, startsAt }: Pick<AlertDetailDto['alert'], 'fingerprint' | 'startsAt'>): AlertLink {
  return { fingerprint, startsAt: String(Date.parse(startsAt)) };
}

/** The same address, naming that alert; null: none. Everything else in it stays. */
export function addressOf(href: string, link: AlertLink | null): string {
  const url = new URL(href);
  url.searchParams.delete(FINGERPRINT);
  url.searchParams.delete(STARTS_AT);
  if (link !== null) url.searchParams.set(FINGERPRINT, link.fingerprint);
  if (link !== null && link.startsAt !== '') url.searchParams.set(STARTS_AT, link.startsAt);
  return url.href;
}

/** Where the API gives the alert; null where there can be none of that name. */
export function alertPath({ fingerprint, startsAt }: AlertLink): string | null {
  if (!/^[0-9a-f]{16}$/.test(fingerprint)) return null;
  return `/api/alerts/${fingerprint}${startsAt === '' ? '' : `?${new URLSearchParams({ startsAt }).toString()}`}`;
}
