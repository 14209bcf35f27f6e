import type { Errand } from '../world/errand.js';
import { cardOf } from '../world/identity.js';
import { MINUTE_MS } from './crew.js';
import type { Scenario } from './scenario.js';

const LIMIT = 2;

/**
 * A program buys up what is scarce before people can, with valid cards under many names. Naive: within minutes, at a machine's pace, from one
 * line. Well played: lines at people's homes, pauses, detours; what stays is the one product, and that nobody looks at anything else.
 */
export const botCheckout: Scenario = {
  name: 'bot-checkout',
  attempts: (random) => 8 + random.geometric(0.88, 24),
  begin: (crew) => {
    const product = crew.product('any');
    const operator = crew.anyNumber() + 2 ** 31;
    const country = crew.country();
    let cards = 0;
    return {
      wait: () => crew.gap(MINUTE_MS / 3, 40 * MINUTE_MS),
      attempt: (): Errand => {
        cards += 1;
        const shopper = crew.newcomer(crew.hides() ? 'account' : 'guest');
        const address = crew.drop(country);
        return crew.errand({
          shopper,
          connection: crew.connection(country),
          checkout: {
            paymentMethod: 'card',
            card: cardOf(crew.parts.settings.seed, operator, cards, country, 0),
            emailDomain: crew.emailDomain(),
            accountCreatedAt: shopper.customerId === null ? null : crew.accountCreatedAt(),
            billing: address,
            shipping: address,
            promoCode: crew.promoCode(),
          },
          wanted: [{ product: crew.hides() && crew.random.chance(0.3) ? crew.product('any') : product, quantity: crew.hides() ? 1 : LIMIT }],
          haste: !crew.hides(),
          plot: crew.plot({ declineShare: 0.05, chargebackShare: 0.02 }),
        });
      },
    };
  },
};
