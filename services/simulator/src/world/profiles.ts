import type { ShopProfile } from './settings.js';

/**
 * A shop for people. Measured on Olist (baskets 1.13 lines, hours and weekdays of 4,000 orders, 41 % of ratings with a text) and REES46 (67 %
 * of the sessions that buy have no cart event: taken over as "buy now" on the product's page). Real shops for people refund less than
 * businesses do; 5 % is a choice, not a measurement.
 */
const b2c: ShopProfile = {
  basketLines: 1.13,
  lineItems: 1.1,
  refundShare: 0.05,
  refundLines: 1,
  cartlessShare: 0.67,
  guestShare: 0.25,
  repeatShare: 0.35,
  ratedShare: 0.6,
  reviewedShare: 0.41,
  curve: {
    hours: [0.58, 0.28, 0.12, 0.08, 0.07, 0.07, 0.15, 0.3, 0.72, 1.1, 1.38, 1.55, 1.42, 1.6, 1.6, 1.6, 1.6, 1.48, 1.35, 1.38, 1.52, 1.5, 1.32, 0.93],
    weekdays: [1.13, 1.09, 1.1, 1.03, 1, 0.84, 0.81],
    months: [0.95, 0.9, 0.95, 0.95, 1, 0.95, 0.95, 0.9, 0.95, 1, 1.35, 1.15],
  },
};

/**
 * A wholesaler of gifts, as Online Retail: baskets of about 23 lines, refunds 15 % of the invoices and few lines of each, no Saturdays,
 * Thursday busiest, hours 8 to 20, November twice August.
 */
const b2b: ShopProfile = {
  basketLines: 23,
  lineItems: 10,
  refundShare: 0.15,
  refundLines: 2.3,
  cartlessShare: 0.2,
  guestShare: 0.05,
  repeatShare: 0.75,
  ratedShare: 0.1,
  reviewedShare: 0.3,
  curve: {
    hours: [0, 0, 0, 0, 0, 0, 0, 0.03, 0.62, 1.8, 3.08, 3.09, 3.84, 3.3, 3.08, 3.18, 1.77, 1.02, 0.26, 0.2, 0.02, 0, 0, 0],
    weekdays: [1.04, 1.28, 1.36, 1.5, 1.16, 0, 0.66],
    months: [0.85, 0.8, 1, 0.85, 0.95, 0.9, 0.85, 0.8, 1.1, 1.2, 1.6, 1.1],
  },
};

export const PROFILES = { b2c, b2b } as const;
export type ProfileName = keyof typeof PROFILES;
