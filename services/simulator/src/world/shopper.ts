import { Random } from './random.js';
import type { WorldSettings } from './settings.js';

/** Someone who visits the shop. Nothing of it is stored: it follows from the seed and the number. */
export interface Shopper {
  readonly number: number;
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

const COUNTRIES = ['DE', 'FR', 'GB', 'NL', 'AT', 'ES', 'IT', 'PL', 'BE', 'CH', 'SE', 'US'] as const;
const COUNTRY_SHARES = [0.42, 0.13, 0.09, 0.08, 0.07, 0.05, 0.05, 0.04, 0.03, 0.02, 0.01, 0.01];
const DEVICES = ['mobile', 'desktop', 'tablet'] as const;
const DEVICE_SHARES = [0.61, 0.34, 0.05];
/** Olist's shares of credit card, bank slip, voucher and debit, under the names of this shop. */
const PAYMENTS = ['card', 'invoice', 'voucher', 'paypal'] as const;
const PAYMENT_SHARES = [0.743, 0.192, 0.053, 0.012];

/** Makes the shopper with this number, always the same one for a seed. */
export function shopperOf(settings: Pick<WorldSettings, 'seed' | 'nulls' | 'profile'>, number: number): Shopper {
  const random = new Random(settings.seed, 'shopper', number);
  const name = number.toString(36).padStart(6, '0');
  // Repeat orders come from customers alone, so that guests must be more frequent among the others.
  const guestShare = settings.profile.guestShare / (1 - settings.profile.repeatShare);
  const country = COUNTRIES[random.weighted(COUNTRY_SHARES)] ?? 'DE';
  return {
    number,
    visitorId: `v-${name}`,
    customerId: random.chance(guestShare) ? null : `c-${name}`,
    country: random.chance(settings.nulls.country) ? null : country,
    device: DEVICES[random.weighted(DEVICE_SHARES)] ?? 'mobile',
    deviceId: `d-${random.below(2 ** 32).toString(16).padStart(8, '0')}`,
    paymentMethod: PAYMENTS[random.weighted(PAYMENT_SHARES)] ?? 'card',
    kindness: random.between(-1, 1),
  };
}
