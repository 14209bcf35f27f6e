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
}

/** The defaults of everything but seed and start. */
export const WORLD_DEFAULTS = {
  rates: { clickstream: 97, orders: 3 },
  nulls: { category: 0.33, brand: 0.14, country: 0.005 },
  products: 2000,
  topShare: 0.011,
  currency: 'EUR',
  timeZone: 'UTC',
} as const;
