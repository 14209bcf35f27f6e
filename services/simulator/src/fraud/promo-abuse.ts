import { WELCOME_CODE } from '../world/checkout.js';
import type { Errand } from '../world/errand.js';
import { cardOf, type Card } from '../world/identity.js';
import { HOUR_MS } from './crew.js';
import type { Scenario } from './scenario.js';

/**
 * One person opens account after account to redeem the welcome code each time. Naive: all of them from one device and line to one address
 * with one card. Well played: other browsers and lines, virtual cards, neighbours' addresses; some of it is always shared.
 */
export const promoAbuse: Scenario = {
  name: 'promo-abuse',
  attempts: (random) => 4 + random.geometric(0.8, 14),
  begin: (crew) => {
    const person = crew.anyNumber() + 2 ** 30;
    const country = crew.country();
    let cards = 0;
    const pay = (): Card => cardOf(crew.parts.settings.seed, person, crew.hides() ? (cards += 1) : 0, country, 0);
    const home = crew.freshAddress(country);
    return {
      wait: () => crew.gap(HOUR_MS / 3, 22 * HOUR_MS),
      attempt: (): Errand => {
        const address = crew.hides() && crew.random.chance(0.7) ? crew.drop(country) : home;
        return crew.errand({
          shopper: crew.newcomer('account'),
          connection: crew.connection(country),
          checkout: {
            paymentMethod: 'card',
            card: pay(),
            emailDomain: crew.emailDomain(),
            accountCreatedAt: crew.accountCreatedAt(),
            billing: address,
            shipping: address,
            promoCode: WELCOME_CODE,
          },
          wanted: [],
          haste: !crew.hides(),
          plot: crew.plot({ declineShare: 0.03, chargebackShare: 0.01 }),
        });
      },
    };
  },
};
