import { accountTakeover } from './account-takeover.js';
import { botCheckout } from './bot-checkout.js';
import { cardTesting } from './card-testing.js';
import { compromisedPage } from './compromised-page.js';
import { fraudRing } from './fraud-ring.js';
import { friendlyFraud } from './friendly-fraud.js';
import { promoAbuse } from './promo-abuse.js';
import { resellerHoarding } from './reseller-hoarding.js';
import type { Scenario } from './scenario.js';
import { stolenCard } from './stolen-card.js';

/** Every kind of fraud that can be played. */
export const SCENARIOS: readonly Scenario[] = [cardTesting, accountTakeover, stolenCard, friendlyFraud, promoAbuse, fraudRing, botCheckout, resellerHoarding, compromisedPage];
