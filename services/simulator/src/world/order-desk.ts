import { BasketFiller } from './basket.js';
import type { Catalogue } from './catalogue.js';
import type { Chronicle } from './chronicle.js';
import type { FeedbackDesk } from './feedback-desk.js';
import { Heap } from './heap.js';
import type { LabelDesk } from '../fraud/label-desk.js';
import type { Underworld } from '../fraud/underworld.js';
import { honestCheckout, otherCardOf, PROMOTIONS } from './checkout.js';
import { ipAddressOf } from './identity.js';
import { amountOf, orderEventOf, type Line, type Order } from './order.js';
import { Random } from './random.js';
import type { WorldSettings } from './settings.js';
import { SlotShare } from './slot-share.js';
import type { Buyer, Storefront } from './storefront.js';
import { CALLED_OFF_SHARE, refundsPerOrder, RETURN_SHARE, UNPAID_SHARE, type TrafficMix } from './traffic.js';
import { buyingSteps } from './visit.js';
import type { After, Warehouse } from './warehouse.js';
import { homeLine } from './whereabouts.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** An idle warehouse works ahead, yet leaves this part of the planned delay. */
const LEAST_DELAY = 0.1;
const SPREE_GAP_MS = 90 * MINUTE_MS;
/** Honest shoppers who order anew when no card was taken. */
const TRY_AGAIN_SHARE = 0.4;
const DECLINE_REASONS = ['do-not-honor', 'insufficient-funds', 'incorrect-cvc', 'expired-card'] as const;

type Act = (order: Order) => void;
interface Step {
  readonly order: Order;
  readonly act: Act;
  readonly notBefore: number;
}

/** The parts of the world that an order touches. */
export interface OrderDeskParts {
  readonly catalogue: Catalogue;
  readonly chronicle: Chronicle;
  readonly storefront: Storefront;
  readonly warehouse: Warehouse;
  readonly feedback: FeedbackDesk;
  readonly labels: LabelDesk;
  readonly underworld: Underworld;
  readonly after: After;
}

/** Places orders and leads them through their lives. Turns order slots into order events. */
export class OrderDesk {
  /** Payments, shipments, cancellations: may go ahead of time. */
  readonly #work = new Heap<Step>();
  /** Returns and refunds: the customer decides when. */
  readonly #complaints = new Heap<Step>();
  readonly #baskets: BasketFiller;
  readonly #refundChance: number;
  #share: SlotShare;
  #orders = 0;

  constructor(
    private readonly settings: WorldSettings,
    private readonly parts: OrderDeskParts,
    mix: TrafficMix,
  ) {
    this.#baskets = new BasketFiller(settings.profile, settings.oddities.bulk, parts.catalogue, parts.warehouse);
    this.#refundChance = refundsPerOrder(settings.profile) / ((1 - UNPAID_SHARE) * (1 - CALLED_OFF_SHARE));
    this.#share = new SlotShare(mix.placedShare);
  }

  useMix(mix: TrafficMix): void {
    this.#share = new SlotShare(mix.placedShare);
  }

  /** The next step of some order is due, or a new order. */
  step(): void {
    const { now } = this.parts.chronicle;
    const complaint = this.#complaints.lowestKey <= now;
    const work = this.#work.peek();
    const early = work !== undefined && work.notBefore <= now;
    const choice = this.#share.choose(complaint || this.#work.lowestKey <= now, early);
    const queue = choice === 'due' && complaint && this.#complaints.lowestKey <= this.#work.lowestKey ? this.#complaints : this.#work;
    const step = choice === 'begin' ? undefined : queue.pop();
    if (step === undefined) this.#place();
    else step.act(step.order);
  }

  #place(): void {
    this.#orders += 1;
    const { chronicle, warehouse, labels, underworld } = this.parts;
    const order = this.#take(this.parts.storefront.nextBuyer());
    chronicle.order(orderEventOf(order, 'PLACED', this.settings.currency, { lines: order.lines }));
    chronicle.truth({
      eventType: order.plot === null ? 'HONEST' : 'FRAUD',
      orderId: order.id,
      scenario: order.plot?.scenario ?? null,
      actorId: order.plot?.actorId ?? order.shopper.visitorId,
      amountMinor: amountOf(order.lines),
    });
    for (const line of order.lines) warehouse.sell(line.product, line.quantity);
    labels.placed(order);
    underworld.placed(order);
    const { random } = order;
    if (order.plot === null && random.chance(this.settings.oddities.spree)) this.#comeAgain(order, random.logNormal(SPREE_GAP_MS, 1));
    const delay = isAtOnce(order) ? random.logNormal(10_000, 0.6) : this.#scaled(random.logNormal(3 * HOUR_MS, 1));
    this.#arrange(this.#work, order, delay, isAtOnce(order) ? this.#charge : random.chance(UNPAID_SHARE) ? this.#failPayment : this.#pay);
  }

  #take({ shopper, visit, errand }: Buyer): Order {
    const { chronicle, storefront } = this.parts;
    const name = `${chronicle.run}-${this.#orders.toString(36)}`;
    const random = new Random(this.settings.seed, chronicle.run, 'order', this.#orders);
    const checkout = errand?.checkout ?? honestCheckout(this.settings, shopper, storefront.firstSeen(shopper), random);
    const priced = errand === null || errand.wanted.length === 0 ? this.#baskets.fill(random, visit) : this.#baskets.take(random, errand.wanted);
    const lines = reduced(priced, checkout.promoCode);
    return {
      id: `o-${name}`,
      customerId: shopper.customerId ?? `guest-${name}`,
      shopper,
      visit,
      lines,
      checkout,
      card: checkout.card,
      ipAddress: visit === null ? null : ipAddressOf(this.settings.seed, visit.connection.line),
      discountMinor: checkout.promoCode === null ? null : amountOf(priced) - amountOf(lines),
      random,
      plot: errand?.plot ?? null,
      refunded: false,
    };
  }

  /** An honest shopper orders once more. */
  #comeAgain({ shopper, visit, random }: Order, delayMs: number): void {
    const { storefront, after } = this.parts;
    const connection = visit?.connection ?? homeLine(shopper.home, shopper.country);
    const cart = !random.chance(this.settings.profile.cartlessShare);
    const steps = buyingSteps(random, { lines: 1, cart, signIn: cart && shopper.customerId !== null && random.chance(0.7), haste: false });
    after(delayMs, () => {
      storefront.send({ shopper, connection, steps, pace: 1, wanted: [], checkout: null, plot: null });
    });
  }

  /** The bank is asked. */
  readonly #charge: Act = (order) => {
    const { plot, random } = order;
    const { declined } = this.settings.oddities;
    if (!random.chance(plot?.declineShare ?? UNPAID_SHARE + declined)) {
      this.#pay(order);
      return;
    }
    this.parts.chronicle.order(orderEventOf(order, 'PAYMENT_DECLINED', this.settings.currency, { reason: random.pick(DECLINE_REASONS) }));
    if (plot === null && random.chance(declined / (UNPAID_SHARE + declined))) {
      if (order.card !== null && random.chance(0.5)) order.card = otherCardOf(this.settings, order.shopper);
      this.#arrange(this.#work, order, random.logNormal(90_000, 0.6), this.#pay);
      return;
    }
    plot?.declined();
    if (plot === null && random.chance(TRY_AGAIN_SHARE)) this.#comeAgain(order, random.logNormal(5 * MINUTE_MS, 0.8));
    this.#arrange(this.#work, order, random.logNormal(5 * MINUTE_MS, 0.6), this.#failPayment);
  };

  readonly #failPayment: Act = (order) => {
    this.#cancel(order, 'payment-failed', 0);
  };

  readonly #pay: Act = (order) => {
    this.parts.chronicle.order(orderEventOf(order, 'PAID', this.settings.currency, {}));
    this.parts.labels.paid(order);
    const { random } = order;
    const calledOff = random.chance(CALLED_OFF_SHARE);
    const delay = this.#scaled(random.logNormal(calledOff ? 3 * HOUR_MS : DAY_MS, 0.8));
    this.#arrange(this.#work, order, delay, calledOff ? this.#callOff : this.#ship);
  };

  readonly #callOff: Act = (order) => {
    this.#cancel(order, order.random.pick(['changed-mind', 'ordered-twice', 'too-slow']), amountOf(order.lines));
  };

  #cancel(order: Order, reason: string, totalMinor: number): void {
    this.parts.chronicle.order(orderEventOf(order, 'CANCELLED', this.settings.currency, { lines: order.lines, reason, totalMinor }));
    for (const line of order.lines) this.parts.warehouse.putBack(line.product, line.quantity, 'cancellation');
  }

  readonly #ship: Act = (order) => {
    this.parts.chronicle.order(orderEventOf(order, 'SHIPPED', this.settings.currency, {}));
    const { random } = order;
    const delivery = random.logNormal(3 * DAY_MS, 0.6);
    if (random.chance(order.plot?.refundShare ?? this.#refundChance)) {
      order.refunded = true;
      const lines = this.#complaintLines(order);
      const delay = this.#scaled(delivery + random.logNormal(4 * DAY_MS, 0.7));
      this.#arrange(this.#complaints, order, delay, random.chance(RETURN_SHARE) ? this.#takeBack(lines) : this.#refund(lines, 'goodwill'));
    }
    this.parts.feedback.expect(order, this.#scaled(delivery));
  };

  #complaintLines(order: Order): readonly Line[] {
    const mean = Math.max(1, this.settings.profile.refundLines);
    const count = 1 + order.random.geometric(1 - 1 / mean, order.lines.length - 1);
    const first = order.random.below(order.lines.length);
    return Array.from({ length: Math.min(count, order.lines.length) }, (_, index) => order.lines[(first + index) % order.lines.length]).filter((line) => line !== undefined);
  }

  #takeBack(lines: readonly Line[]): Act {
    return (order) => {
      const reason = order.random.pick(['does-not-fit', 'damaged', 'not-as-described', 'wrong-item']);
      this.parts.chronicle.order(orderEventOf(order, 'RETURNED', this.settings.currency, { lines, reason }));
      for (const line of lines) this.parts.warehouse.putBack(line.product, line.quantity, 'return');
      this.#arrange(this.#complaints, order, this.#scaled(order.random.logNormal(DAY_MS, 0.5)), this.#refund(lines, reason));
    };
  }

  #refund(lines: readonly Line[], reason: string): Act {
    return (order) => {
      this.parts.chronicle.order(orderEventOf(order, 'REFUNDED', this.settings.currency, { lines, reason }));
    };
  }

  #arrange(queue: Heap<Step>, order: Order, delay: number, act: Act): void {
    const { now } = this.parts.chronicle;
    queue.push(now + delay, { order, act, notBefore: now + LEAST_DELAY * delay });
  }

  #scaled(delay: number): number {
    return delay / this.settings.lifecycleSpeed;
  }
}

function isAtOnce({ checkout }: Order): boolean {
  return checkout.paymentMethod === 'card' || checkout.paymentMethod === 'paypal';
}

function reduced(lines: readonly Line[], promoCode: string | null): readonly Line[] {
  const rate = promoCode === null ? 0 : (PROMOTIONS[promoCode] ?? 0);
  return rate === 0 ? lines : lines.map((line) => ({ ...line, unitPriceMinor: Math.round(line.unitPriceMinor * (1 - rate)) }));
}
