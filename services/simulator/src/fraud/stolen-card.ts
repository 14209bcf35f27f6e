import type { Errand } from '../world/errand.js';
import { HOUR_MS, type Crew } from './crew.js';
import type { Scenario } from './scenario.js';

/**
 * Somebody shops with a stolen card under a new account. Naive: the account is minutes old, the goods are dear, device and line stay the same
 * for the next card. Well played: an account that has ripened, the card owner's country, usual goods.
 */
export const stolenCard: Scenario = {
  name: 'stolen-card',
  attempts: (random) => 1 + random.geometric(0.6, 6),
  begin: (crew) => ({
    wait: () => crew.gap(HOUR_MS / 3, 20 * HOUR_MS),
    attempt: () => shopWith(crew),
  }),
};

function shopWith(crew: Crew): Errand {
  const { card, home } = crew.stolenCard();
  const shopper = crew.newcomer('account');
  return crew.errand({
    shopper,
    connection: crew.connection(home.country),
    checkout: {
      paymentMethod: 'card',
      card,
      emailDomain: crew.emailDomain(),
      accountCreatedAt: crew.accountCreatedAt(),
      billing: home,
      shipping: crew.drop(home.country),
      promoCode: crew.promoCode(),
    },
    wanted: crew.plunder(),
    haste: !crew.hides(),
    plot: crew.plot({ declineShare: 0.2, chargebackShare: 0.92 }),
  });
}
