import { addressOf, cardOf, drawCountry, drawEmailDomain, homeOf, type Address, type Card } from './identity.js';
import { Random } from './random.js';
import type { WorldSettings } from './settings.js';
import type { Shopper } from './shopper.js';

const DAY_MS = 86_400_000;
/** Of those who order for the first time. */
const NEW_ACCOUNT_SHARE = 0.45;
const ACCOUNT_AGE_MEDIAN_MS = 300 * DAY_MS;
const ACCOUNT_AGE_SIGMA = 1.2;
const SECOND_CARD_SHARE = 0.12;
const FAMILY_CARD_SHARE = 0.3;
const GIFT_ABROAD_SHARE = 0.15;
const LOCKERS = 150;
const WELCOME_SHARE = 0.3;
const CAMPAIGN_SHARE = 0.08;

/** What a code takes off. */
export const PROMOTIONS: Readonly<Record<string, number>> = { WELCOME10: 0.1, SAVE15: 0.15, SUMMER20: 0.2 };
export const WELCOME_CODE = 'WELCOME10';

/** What a customer states at the checkout, beside what is bought. */
export interface Checkout {
  readonly paymentMethod: string;
  /** Null: not paid by card. */
  readonly card: Card | null;
  readonly emailDomain: string;
  /** Null: a guest. */
  readonly accountCreatedAt: number | null;
  readonly billing: Address;
  readonly shipping: Address;
  readonly promoCode: string | null;
}

type Town = Pick<WorldSettings, 'seed' | 'oddities'>;

/** What an honest shopper states. @param firstSeen when the shop first saw her, ms: an account is not younger. */
export function honestCheckout(settings: Town, shopper: Shopper, firstSeen: number, random: Random): Checkout {
  const { seed, oddities } = settings;
  const habits = new Random(seed, 'habits', shopper.number);
  const isNew = habits.chance(NEW_ACCOUNT_SHARE);
  const age = habits.logNormal(ACCOUNT_AGE_MEDIAN_MS, ACCOUNT_AGE_SIGMA);
  const emailDomain = drawEmailDomain(habits, oddities.disposableEmail);
  const cardHolder = shopper.home !== shopper.number && habits.chance(FAMILY_CARD_SHARE) ? shopper.home : shopper.number;
  const billing = homeOf(seed, shopper.home, shopper.country);
  return {
    paymentMethod: shopper.paymentMethod,
    card: shopper.paymentMethod === 'card' ? cardOf(seed, cardHolder, random.chance(SECOND_CARD_SHARE) ? 1 : 0, shopper.country, oddities.foreignCard) : null,
    emailDomain,
    accountCreatedAt: shopper.customerId === null ? null : Math.floor(firstSeen - (isNew ? 0 : age)),
    billing,
    shipping: shippingOf(settings, shopper, billing, random),
    promoCode: drawPromoCode(isNew && shopper.customerId !== null, random),
  };
}

/** Another card of the same holder, for when the bank has refused the first. */
export function otherCardOf(settings: Town, shopper: Shopper): Card {
  return cardOf(settings.seed, shopper.number, 2, shopper.country, settings.oddities.foreignCard);
}

/** One of the parcel lockers of a country. */
export function lockerOf(seed: string, country: string | null, random: Random): Address {
  return addressOf(seed, `locker ${country ?? ''} ${String(random.below(LOCKERS))}`, country);
}

function shippingOf({ seed, oddities }: Town, shopper: Shopper, billing: Address, random: Random): Address {
  const place = random.next();
  if (place < oddities.locker) return lockerOf(seed, shopper.country, random);
  if (place >= oddities.locker + oddities.gift) return billing;
  const friend = 1 + random.below(Math.max(1000, 2 * shopper.number));
  return homeOf(seed, friend, random.chance(GIFT_ABROAD_SHARE) ? drawCountry(random) : shopper.country);
}

/** The code that a shopper redeems, if any. @param isNew whether the shop welcomes her. */
export function drawPromoCode(isNew: boolean, random: Random): string | null {
  const place = random.next();
  if (isNew && place < WELCOME_SHARE) return WELCOME_CODE;
  if (place > 1 - CAMPAIGN_SHARE) return random.chance(0.5) ? 'SAVE15' : 'SUMMER20';
  return null;
}
