import type { Errand } from '../world/errand.js';
import type { Address } from '../world/identity.js';
import type { Shopper } from '../world/shopper.js';
import { HOUR_MS, type Crew, type StolenCard } from './crew.js';
import type { Scenario } from './scenario.js';

/**
 * A gang with many accounts, and devices, addresses and cards that go round among them. Naive: few of each, all within hours. Well played: a
 * pool so large, and days so many, that each is used two or three times; only the graph of who shares what shows them.
 */
export const fraudRing: Scenario = {
  name: 'fraud-ring',
  attempts: (random) => 10 + random.geometric(0.9, 30),
  begin: (crew, attempts) => {
    const pool = Math.max(2, Math.round(attempts * (crew.hides() ? 0.45 : 0.12)));
    const country = crew.country();
    const addresses = Array.from({ length: pool }, () => crew.freshAddress(country));
    return {
      wait: () => crew.gap(HOUR_MS / 6, 9 * HOUR_MS),
      attempt: () => orderOf(crew, { pool, country, addresses }),
    };
  },
};

interface Gang {
  readonly pool: number;
  readonly country: string;
  readonly addresses: readonly Address[];
}

function orderOf(crew: Crew, { pool, country, addresses }: Gang): Errand {
  const place = crew.random.below(pool);
  const address = addresses[place] ?? crew.freshAddress(country);
  const { card } = crew.shared('card', crew.random.below(pool), (): StolenCard => crew.stolenCard());
  // Its devices: the account is whoever's turn it is, the browser one of the pool.
  const account = crew.shared('account', crew.random.below(2 * pool), (): Shopper => crew.newcomer('account'));
  const shopper = crew.hides() && crew.random.chance(0.5) ? account : crew.atPoolBrowser(account, place);
  return crew.errand({
    shopper,
    connection: crew.connection(country),
    checkout: {
      paymentMethod: 'card',
      card,
      emailDomain: crew.emailDomain(),
      accountCreatedAt: crew.shared('opened', account.number, () => crew.accountCreatedAt()),
      billing: crew.hides() ? address : crew.freshAddress(country),
      shipping: address,
      promoCode: crew.promoCode(),
    },
    wanted: crew.plunder(),
    haste: !crew.hides(),
    plot: crew.plot({ declineShare: 0.12, chargebackShare: 0.88 }),
  });
}
