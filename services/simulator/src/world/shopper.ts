import { drawCountry } from './identity.js';
import { Random } from './random.js';
import type { WorldSettings } from './settings.js';

/** Someone who visits the shop. Nothing of it is stored: it follows from the seed and the number. */
export interface Shopper {
  readonly number: number;
  /** Number of the shopper at whose home she lives; mostly her own. */
  readonly home: number;
  readonly visitorId: string;
  /** Null: orders as a guest. */
  readonly customerId: string | null;
  readonly country: string | null;
  readonly device: string;
  readonly deviceId: string;
  readonly paymentMethod: string;
  /** How kindly this person rates, -1 to 1. */
  readonly kindness: number;
}

const DEVICES = ['mobile', 'desktop', 'tablet'] as const;
const DEVICE_SHARES = [0.61, 0.34, 0.05];
/** Olist's shares of credit card, bank slip, voucher and debit, under the names of this shop. */
const PAYMENTS = ['card', 'invoice', 'voucher', 'paypal'] as const;
const PAYMENT_SHARES = [0.743, 0.192, 0.053, 0.012];

/** Relatives come to the shop at about the same time. */
const FARTHEST_RELATIVE = 5_000;
const SHARED_DEVICE_SHARE = 0.5;

type People = Pick<WorldSettings, 'seed' | 'nulls' | 'profile' | 'oddities'>;

/** Makes the shopper with this number, always the same one for a seed. */
export function shopperOf(settings: People, number: number): Shopper {
  const random = new Random(settings.seed, 'shopper', number);
  const shopper = personOf(settings, number, random);
  if (number === 1 || !random.chance(settings.oddities.family)) return shopper;
  const home = number - 1 - random.below(Math.min(number - 1, FARTHEST_RELATIVE));
  const relative = personOf(settings, home, new Random(settings.seed, 'shopper', home));
  const atHome = { ...shopper, home, country: relative.country };
  return random.chance(SHARED_DEVICE_SHARE) ? onBrowserOf(atHome, relative) : atHome;
}

/** The shopper at another's browser. */
export function onBrowserOf(shopper: Shopper, { visitorId, device, deviceId }: Shopper): Shopper {
  return { ...shopper, visitorId, device, deviceId };
}

export function customerIdOf(number: number): string {
  return `c-${nameOf(number)}`;
}

/** Someone of this number who shares neither home nor device. */
export function strangerOf(settings: People, number: number): Shopper {
  return personOf(settings, number, new Random(settings.seed, 'shopper', number));
}

function personOf(settings: People, number: number, random: Random): Shopper {
  // Repeat orders come from customers alone, so that guests must be more frequent among the others.
  const guestShare = settings.profile.guestShare / (1 - settings.profile.repeatShare);
  const country = drawCountry(random);
  return {
    number,
    home: number,
    visitorId: `v-${nameOf(number)}`,
    customerId: random.chance(guestShare) ? null : customerIdOf(number),
    country: random.chance(settings.nulls.country) ? null : country,
    device: DEVICES[random.weighted(DEVICE_SHARES)] ?? 'mobile',
    deviceId: `d-${random.below(2 ** 32).toString(16).padStart(8, '0')}`,
    paymentMethod: PAYMENTS[random.weighted(PAYMENT_SHARES)] ?? 'card',
    kindness: random.between(-1, 1),
  };
}

function nameOf(number: number): string {
  return number.toString(36).padStart(6, '0');
}
