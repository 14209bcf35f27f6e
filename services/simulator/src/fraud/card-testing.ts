import { MINUTE_MS, HOUR_MS, type Crew } from './crew.js';
import type { Scenario } from './scenario.js';

/**
 * Somebody has bought card numbers and finds out which of them work: one small order per card. Naive: minutes apart, from one device and
 * line, for the cheapest goods. Well played: over days, each time as another guest, for goods of usual prices.
 */
export const cardTesting: Scenario = {
  name: 'card-testing',
  attempts: (random) => 6 + random.geometric(0.88, 24),
  begin: (crew) => ({
    wait: () => crew.gap(MINUTE_MS, 5 * HOUR_MS),
    attempt: () => testCard(crew),
  }),
};

function testCard(crew: Crew): ReturnType<Crew['errand']> {
  const shopper = crew.newcomer(crew.hides() && crew.random.chance(0.6) ? 'account' : 'guest');
  const { card, home } = crew.stolenCard();
  return crew.errand({
    shopper,
    connection: crew.connection(card.country),
    checkout: {
      paymentMethod: 'card',
      card,
      emailDomain: crew.emailDomain(),
      accountCreatedAt: shopper.customerId === null ? null : crew.accountCreatedAt(),
      billing: home,
      shipping: crew.hides() ? home : crew.drop(home.country),
      promoCode: crew.promoCode(),
    },
    wanted: crew.hides() ? [] : [{ product: crew.product('lowest'), quantity: 1 }],
    haste: !crew.hides(),
    plot: crew.plot({ declineShare: 0.35, chargebackShare: 0.55 }),
  });
}
