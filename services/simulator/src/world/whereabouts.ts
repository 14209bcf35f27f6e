import { drawCountry, type Connection } from './identity.js';
import type { Random } from './random.js';
import type { Oddities } from './settings.js';
import type { Shopper } from './shopper.js';

/** Share of the visits by mobile that come through the operator's shared addresses. */
const CARRIER_SHARE = 0.35;
const CARRIER_LINES = 250;
const HOTEL_LINES = 300;
const PROXY_LINES = 60;

export interface Whereabouts {
  readonly connection: Connection;
  readonly travelling: boolean;
}

/** Where a shopper is on this visit. */
export function whereaboutsOf(oddities: Oddities, shopper: Shopper, random: Random): Whereabouts {
  const place = random.next();
  if (place < oddities.travelling) {
    const country = drawCountry(random);
    return { connection: { line: `hotel ${country} ${String(random.below(HOTEL_LINES))}`, country }, travelling: true };
  }
  if (place < oddities.travelling + oddities.proxy) return { connection: proxyLine(random), travelling: false };
  return { connection: shopper.device === 'mobile' && random.chance(CARRIER_SHARE) ? carrierLine(shopper.country, random) : homeLine(shopper.home, shopper.country), travelling: false };
}

/** The line of a home. */
export function homeLine(home: number, country: string | null): Connection {
  return { line: `home ${String(home)}`, country };
}

/** A line that a mobile operator shares among thousands. */
export function carrierLine(country: string | null, random: Random): Connection {
  return { line: `carrier ${country ?? ''} ${String(random.below(CARRIER_LINES))}`, country };
}

/** A line of a company that hides where its customers are. */
export function proxyLine(random: Random): Connection {
  const line = random.below(PROXY_LINES);
  return { line: `proxy ${String(line)}`, country: drawCountry(random) };
}
