import type { Chronicle } from '../world/chronicle.js';
import { DISPOSABLE_DOMAINS } from '../world/identity.js';
import { amountOf, type Order } from '../world/order.js';
import { Random } from '../world/random.js';
import type { WorldSettings } from '../world/settings.js';
import type { After } from '../world/warehouse.js';

const DAY_MS = 86_400_000;
const VERDICT_SIGMA = 0.8;
const LARGE_MINOR = 15_000;
/** How much more, or less, than the average an order with so many oddities is looked at; about 1 over all orders. */
const REVIEW_FACTORS = [0.3, 0.8, 3, 10, 20] as const;
/** Verdicts on friendly fraud that come before the claim find nothing. */
const UNSEEN_SHARE = 0.8;
const DISPOSABLE: ReadonlySet<string> = new Set(DISPOSABLE_DOMAINS);

/** Where the shop learns late what an order was: from the bank, days later, and from its own analysts, hours later. */
export class LabelDesk {
  readonly #random: Random;

  constructor(
    private readonly settings: WorldSettings,
    private readonly chronicle: Chronicle,
    private readonly after: After,
  ) {
    this.#random = new Random(settings.seed, 'labels', chronicle.run);
  }

  /** An analyst may look at the order, the likelier the odder it looks. */
  placed(order: Order): void {
    const { reviewShare, verdictMedianMs, verdictErrorShare } = this.settings.labels;
    const factor = REVIEW_FACTORS[Math.min(odditiesOf(order, this.chronicle.now), REVIEW_FACTORS.length - 1)] ?? 1;
    if (!this.#random.chance(Math.min(0.95, reviewShare * factor))) return;
    const errorShare = order.plot?.scenario === 'friendly-fraud' ? UNSEEN_SHARE : verdictErrorShare;
    const fraud = (order.plot !== null) !== this.#random.chance(errorShare);
    this.#label(order, this.#random.logNormal(verdictMedianMs, VERDICT_SIGMA), 'VERDICT', fraud, `analyst-${String(1 + this.#random.below(6))}`);
  }

  /** The money may be claimed back through the bank. */
  paid(order: Order): void {
    const { neverShare, falseChargebackShare, chargebackMedianMs, chargebackSigma } = this.settings.labels;
    if (order.card === null && order.checkout.paymentMethod !== 'paypal') return;
    const share = order.plot === null ? falseChargebackShare : order.plot.chargebackShare * (1 - neverShare);
    if (this.#random.chance(share)) this.#label(order, this.#random.logNormal(chargebackMedianMs, chargebackSigma), 'CHARGEBACK', true, 'bank');
  }

  #label(order: Order, delayMs: number, eventType: 'CHARGEBACK' | 'VERDICT', fraud: boolean, decidedBy: string): void {
    const { currency, lifecycleSpeed } = this.settings;
    const amountMinor = fraud ? amountOf(order.lines) : null;
    // The scenario stays the world's secret: banks and analysts do not know it.
    this.after(delayMs / lifecycleSpeed, () => {
      this.chronicle.label({ eventType, orderId: order.id, fraud, scenario: null, decidedBy, amountMinor, currency: fraud ? currency : null });
    });
  }
}

/** What anybody in the shop can see. */
function odditiesOf({ checkout, card, visit, lines }: Order, now: number): number {
  const odd = [
    checkout.accountCreatedAt === null || now - checkout.accountCreatedAt < DAY_MS,
    checkout.shipping.id !== checkout.billing.id,
    card !== null && visit !== null && card.country !== visit.connection.country,
    DISPOSABLE.has(checkout.emailDomain),
    amountOf(lines) > LARGE_MINOR,
  ];
  return odd.filter(Boolean).length;
}
