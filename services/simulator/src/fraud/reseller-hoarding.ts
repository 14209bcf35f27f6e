import type { Errand } from '../world/errand.js';
import { cardOf } from '../world/identity.js';
import { DAY_MS, HOUR_MS } from './crew.js';
import type { Scenario } from './scenario.js';

/**
 * A trader empties the shelves of what is cheap today, against the shop's terms. Naive: a dozen at a time under one name. Well played: two or
 * three at a time under several names, to a forwarder and his neighbours, over days.
 */
export const resellerHoarding: Scenario = {
  name: 'reseller-hoarding',
  attempts: (random) => 4 + random.geometric(0.75, 12),
  begin: (crew) => {
    const product = crew.product('any');
    const trader = crew.anyNumber() + 2 ** 32;
    const country = crew.country();
    const forwarder = crew.freshAddress(country);
    const openedAt = Math.floor(crew.parts.now() - crew.random.logNormal(40 * DAY_MS, 1));
    return {
      wait: () => crew.gap(HOUR_MS / 2, 20 * HOUR_MS),
      attempt: (): Errand => {
        const name = crew.hides() ? 1 + crew.random.below(4) : 0;
        const address = crew.hides() && crew.random.chance(0.6) ? crew.drop(country) : forwarder;
        return crew.errand({
          shopper: crew.shared('name', name, () => crew.newcomer('account')),
          connection: crew.connection(country),
          checkout: {
            paymentMethod: 'card',
            card: cardOf(crew.parts.settings.seed, trader, name, country, 0),
            emailDomain: crew.emailDomain(),
            accountCreatedAt: openedAt + name * HOUR_MS,
            billing: address,
            shipping: address,
            promoCode: crew.promoCode(),
          },
          wanted: [{ product, quantity: crew.hides() ? 1 + crew.random.geometric(0.5, 3) : 6 + crew.random.geometric(0.85, 24) }],
          haste: !crew.hides(),
          plot: crew.plot({ declineShare: 0.04, chargebackShare: 0.01 }),
        });
      },
    };
  },
};
