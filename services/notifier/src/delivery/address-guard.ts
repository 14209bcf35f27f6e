import ipaddr from 'ipaddr.js';

/** A URL or address that alerts are not sent to. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
  constructor(
    readonly target: string,
    readonly reason: string,
  ) {
    super(`${target} is not allowed: ${reason}`);
  }
}

/** What a receiver may reach beside public addresses. */
export interface AddressRules {
  /** URLs that begin with one of these may lead to private addresses. */
  readonly allowPrivate: readonly string[];
  /** Our own port: never reached on a loopback address, whatever is allowed. */
  readonly ownPort: number;
}

/** Whether an address belongs to the public internet: unicast, and no tunnel or translation into something else. */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

/** Throws {@link BlockedAddressError} for a URL that can be refused by its text: scheme, credentials, private literal host. */
export function checkUrl(text: string, rules: AddressRules): URL {
  if (!URL.canParse(text)) throw new BlockedAddressError(redacted(text), 'not a URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new BlockedAddressError(url.protocol, 'use https: or http:');
  if (url.username !== '' || url.password !== '' || /^[a-z]+:\/\/[^/?#]*@/i.test(text)) throw new BlockedAddressError(url.host, 'a URL must not carry credentials');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (ipaddr.isValid(host)) checkAddress(host, Number(url.port), { privateAllowed: mayBePrivate(url, rules), ownPort: rules.ownPort });
  return url;
}

/** Throws {@link BlockedAddressError} for an address that must not be connected to. */
export function checkAddress(address: string, port: number, rules: { readonly privateAllowed: boolean; readonly ownPort: number }): void {
  if (isPublicAddress(address)) return;
  if (!rules.privateAllowed) throw new BlockedAddressError(address, 'it is not a public address');
  const loopback = ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
  if (loopback && port === rules.ownPort) throw new BlockedAddressError(`${address}:${port}`, 'that is the notifier itself');
}

/** Whether the receiver's file allows private addresses for this URL. */
export function mayBePrivate(url: URL, rules: Pick<AddressRules, 'allowPrivate'>): boolean {
  return rules.allowPrivate.some((prefix) => {
    if (!URL.canParse(prefix)) return false;
    const allowed = new URL(prefix);
    return url.origin === allowed.origin && url.pathname.startsWith(allowed.pathname);
  });
}

/** A path or a query may hold a secret. */
function redacted(text: string): string {
  return text.length > 8 ? `${text.slice(0, 8)}…` : text;
}
