import type { Errand } from '../world/errand.js';
import { cardOf, homeOf } from '../world/identity.js';
import { HOUR_MS, type Crew } from './crew.js';
import type { Scenario } from './scenario.js';

const OWN_BROWSER_SHARE = 0.4;

/**
 * Somebody has passwords of customers and orders in their names with the card on file, to be picked up elsewhere. Naive: one device and line
 * for all victims, dear goods to one drop. Well played: the victim's country, now and then her very browser, usual goods.
 */
export const accountTakeover: Scenario = {
  name: 'account-takeover',
  attempts: (random) => 2 + random.geometric(0.65, 8),
  begin: (crew) => ({
    wait: () => crew.gap(HOUR_MS / 4, 14 * HOUR_MS),
    attempt: () => takeOver(crew),
  }),
};

function takeOver(crew: Crew): Errand | null {
  const { settings } = crew.parts;
  const victim = crew.formerBuyer();
  if (victim === null) return null;
  const { number, country } = victim;
  const home = homeOf(settings.seed, victim.home, country);
  const shopper = !crew.hides() ? crew.atOwnBrowser(victim) : crew.random.chance(OWN_BROWSER_SHARE) ? victim : crew.atNewBrowser(victim);
  return crew.errand({
    shopper,
    connection: crew.connection(country),
    checkout: {
      ...crew.statedBy(victim),
      paymentMethod: 'card',
      card: cardOf(settings.seed, number, 0, country, settings.oddities.foreignCard),
      billing: home,
      shipping: crew.random.chance(0.15) ? home : crew.drop(country),
      promoCode: crew.promoCode(),
    },
    wanted: crew.plunder(),
    haste: !crew.hides(),
    plot: crew.plot({ declineShare: 0.08, chargebackShare: 0.9 }),
  });
}
