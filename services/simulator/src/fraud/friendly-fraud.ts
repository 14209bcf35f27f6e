import type { Errand } from '../world/errand.js';
import type { Shopper } from '../world/shopper.js';
import { homeLine } from '../world/whereabouts.js';
import { HOUR_MS, type Crew } from './crew.js';
import type { Scenario } from './scenario.js';

/**
 * A real customer orders, receives, and then denies the payment at the bank or talks the shop into a refund; it works, and she does it
 * again. Naive: dear goods, several times in a day. Well played: nothing but the claims of the past tells it from an honest order.
 */
export const friendlyFraud: Scenario = {
  name: 'friendly-fraud',
  attempts: (random) => 1 + random.geometric(0.55, 5),
  begin: (crew) => {
    const shopper = crew.formerBuyer();
    return {
      wait: () => (crew.hides() ? crew.days(4) : crew.random.logNormal(2 * HOUR_MS, 0.8)),
      attempt: () => (shopper === null ? null : orderToDeny(crew, shopper)),
    };
  },
};

function orderToDeny(crew: Crew, shopper: Shopper): Errand {
  const byBank = crew.random.chance(0.6);
  return crew.errand({
    shopper,
    connection: homeLine(shopper.home, shopper.country),
    checkout: crew.statedBy(shopper),
    wanted: crew.plunder(),
    haste: false,
    plot: crew.plot({ declineShare: 0.03, chargebackShare: byBank ? 0.95 : 0.05, refundShare: byBank ? 0.05 : 0.9 }),
  });
}
