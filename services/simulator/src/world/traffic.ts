import type { Rates, ShopProfile } from './settings.js';

/** Shares of what becomes of an order; the rest is paid, shipped and kept. */
export const UNPAID_SHARE = 0.03;
export const CALLED_OFF_SHARE = 0.02;
/** Goods come back before most refunds; the others are goodwill. */
export const RETURN_SHARE = 0.8;
/** Cart visits that get as far as the checkout. With 0.33 of the orders from carts it gives REES46's 0.95 cart events per 1.23 purchases. */
export const CHECKOUT_SHARE = 0.43;
/** Orders paid by card or at once by another bank's word: only those can be declined. */
export const PAID_AT_ONCE_SHARE = 0.755;
const MEAN_BROWSING_CLICKS = 2.4;
const MEAN_CART_CLICKS = 5.3;

/** Order events per order placed, in the long run. */
export function eventsPerOrder(profile: ShopProfile, declinedShare: number): number {
  const paid = 1 - UNPAID_SHARE;
  const shipped = paid * (1 - CALLED_OFF_SHARE);
  return 1 + paid + UNPAID_SHARE + PAID_AT_ONCE_SHARE * (UNPAID_SHARE + declinedShare) + paid * CALLED_OFF_SHARE + shipped + refundsPerOrder(profile) * (1 + RETURN_SHARE);
}

/** Refunds per order placed, from the share of refunds among both. */
export function refundsPerOrder(profile: ShopProfile): number {
  return profile.refundShare / (1 - profile.refundShare);
}

/** How the configured rates divide into visits and orders. */
export interface TrafficMix {
  /** Clicks that begin a visit. */
  readonly visitShare: number;
  /** Visits that put something into the cart. */
  readonly cartShare: number;
  /** Order events that place an order. */
  readonly placedShare: number;
  /** Orders placed per second. */
  readonly ordersPerSecond: number;
}

/** Visits with a cart are as many as the orders need; where the clicks do not suffice, more orders come without a cart. */
export function trafficMix(rates: Rates, profile: ShopProfile, declinedShare: number): TrafficMix {
  const placedShare = 1 / eventsPerOrder(profile, declinedShare);
  const ordersPerSecond = rates.orders * placedShare;
  const cartVisits = (ordersPerSecond * (1 - profile.cartlessShare)) / CHECKOUT_SHARE;
  const fewest = (rates.clickstream * 0.2) / MEAN_CART_CLICKS;
  const visits = Math.max(fewest, (rates.clickstream - cartVisits * (MEAN_CART_CLICKS - MEAN_BROWSING_CLICKS)) / MEAN_BROWSING_CLICKS);
  const cartShare = visits > 0 ? Math.min(0.9, cartVisits / visits) : 0;
  return {
    visitShare: 1 / (MEAN_BROWSING_CLICKS + cartShare * (MEAN_CART_CLICKS - MEAN_BROWSING_CLICKS)),
    cartShare,
    placedShare,
    ordersPerSecond,
  };
}
