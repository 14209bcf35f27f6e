import type { Errand } from '../world/errand.js';
import { homeOf } from '../world/identity.js';
import { type Crew, HOUR_MS, type Victim } from './crew.js';
import type { Scenario } from './scenario.js';

/**
 * The page of one product carries a script that copies the cards of those who buy it; days later they are used here, under new accounts. Naive:
 * all at once from one device, for dear goods. Well played: one by one from each owner's country; what stays is that the cards have met before.
 */
export const compromisedPage: Scenario = {
  name: 'compromised-page',
  attempts: (random) => 3 + random.geometric(0.75, 12),
  begin: (crew) => {
    const { victims } = crew.parts;
    const page = victims.draw(crew.random)?.product;
    const copied = victims.all().filter(({ product }) => product === page);
    return {
      wait: () => (crew.hides() ? crew.days(0.8) : crew.random.logNormal(HOUR_MS / 4, 0.7)),
      attempt: () => {
        const [victim] = copied.splice(crew.random.below(copied.length), 1);
        return victim === undefined ? null : spend(crew, victim);
      },
    };
  },
};

function spend(crew: Crew, { shopper: { home, country }, card }: Victim): Errand {
  const shopper = crew.newcomer(crew.random.chance(0.3) ? 'guest' : 'account');
  const billing = homeOf(crew.parts.settings.seed, home, country);
  return crew.errand({
    shopper,
    connection: crew.connection(country),
    checkout: {
      paymentMethod: 'card',
      card,
      emailDomain: crew.emailDomain(),
      accountCreatedAt: shopper.customerId === null ? null : crew.accountCreatedAt(),
      billing,
      shipping: crew.drop(country),
      promoCode: crew.promoCode(),
    },
    wanted: crew.plunder(),
    haste: !crew.hides(),
    plot: crew.plot({ declineShare: 0.12, chargebackShare: 0.92 }),
  });
}
