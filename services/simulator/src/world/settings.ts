import { FRAUD_DIALS, fraudSettings, LABEL_DEFAULTS, type FraudSettings, type LabelSettings } from '../fraud/scenario-names.js';
import type { Curve } from './arrivals.js';

/** Events per second. Inventory and feedback follow the orders. */
export interface Rates {
  readonly clickstream: number;
  readonly orders: number;
}

/** What a kind of shop is like. Shares are 0..1. */
export interface ShopProfile {
  /** Mean lines of an order. */
  readonly basketLines: number;
  /** Mean items of a line. */
  readonly lineItems: number;
  /** Refunds divided by orders placed and refunds. */
  readonly refundShare: number;
  /** Lines of a refund, mean. */
  readonly refundLines: number;
  /** Orders placed straight from a product's page, without a cart event. */
  readonly cartlessShare: number;
  /** Orders by guests: a customer id of their own, seen once. */
  readonly guestShare: number;
  /** Orders by a customer who ordered before; who, is drawn from all past orders, which makes a heavy tail (Yule-Simon). */
  readonly repeatShare: number;
  /** Delivered orders that are rated, and ratings that come with a text. */
  readonly ratedShare: number;
  readonly reviewedShare: number;
  readonly curve: Curve;
}

/** Share of unknown values. */
export interface NullShares {
  /** Products without a category, wherever they appear. */
  readonly category: number;
  /** Products without a brand in their name. */
  readonly brand: number;
  /** Shoppers whose country is unknown. */
  readonly country: number;
}

/** How often honest people look odd: shares, 0..1. Without them every oddity would be fraud. */
export interface Oddities {
  /** Visits from another country; many of them on another device. */
  readonly travelling: number;
  /** Visits whose address is that of a proxy, shared and anywhere. */
  readonly proxy: number;
  /** Visits on a device that the shop has not seen before. */
  readonly newDevice: number;
  /** Visits on one of the few devices that stand in the shop's own branches. */
  readonly kiosk: number;
  /** Shoppers who share a home with another, half of them the device, some the card. */
  readonly family: number;
  /** Orders sent to somebody else, some of them abroad. */
  readonly gift: number;
  /** Orders sent to a parcel locker, which hundreds share. */
  readonly locker: number;
  /** Orders of many items. */
  readonly bulk: number;
  /** Orders after which the same shopper orders again within hours, and perhaps again. */
  readonly spree: number;
  /** Shoppers whose bank is abroad. */
  readonly foreignCard: number;
  /** Shoppers with a throw-away e-mail address. */
  readonly disposableEmail: number;
  /** Payments that the bank refuses at first. */
  readonly declined: number;
}

export const ODDITIES: Oddities = {
  travelling: 0.03,
  proxy: 0.03,
  newDevice: 0.05,
  kiosk: 0.004,
  family: 0.15,
  gift: 0.07,
  locker: 0.08,
  bulk: 0.012,
  spree: 0.025,
  foreignCard: 0.04,
  disposableEmail: 0.015,
  declined: 0.03,
};

/** Everything that decides what happens in the world. The same settings give the same events, ids included. */
export interface WorldSettings {
  readonly seed: string;
  /** Event time at which the world begins, ms. */
  readonly start: number;
  readonly rates: Rates;
  /** True: rates follow the profile's day, week and year. */
  readonly curves: boolean;
  readonly timeZone: string;
  readonly profile: ShopProfile;
  readonly nulls: NullShares;
  readonly products: number;
  /** Share of the views that the most popular product has. */
  readonly topShare: number;
  /** ISO 4217. */
  readonly currency: string;
  /** How much faster than real an order is shipped, delivered, rated and sent back, and a shelf refilled. */
  readonly lifecycleSpeed: number;
  readonly oddities: Oddities;
  readonly fraud: FraudSettings;
  readonly labels: LabelSettings;
}

/** The defaults of everything but seed and start. */
export const WORLD_DEFAULTS = {
  rates: { clickstream: 97, orders: 3 },
  nulls: { category: 0.33, brand: 0.14, country: 0.005 },
  products: 2000,
  topShare: 0.011,
  currency: 'EUR',
  timeZone: 'UTC',
  oddities: ODDITIES,
  fraud: fraudSettings(FRAUD_DIALS),
  labels: LABEL_DEFAULTS,
} as const;
