import { BasketFiller } from './basket.js';
import type { Catalogue } from './catalogue.js';
import type { Chronicle } from './chronicle.js';
import type { FeedbackDesk } from './feedback-desk.js';
import { Heap } from './heap.js';
import { amountOf, orderEventOf, type Line, type Order } from './order.js';
import { Random } from './random.js';
import type { WorldSettings } from './settings.js';
import { SlotShare } from './slot-share.js';
import type { Storefront } from './storefront.js';
import { CALLED_OFF_SHARE, refundsPerOrder, RETURN_SHARE, UNPAID_SHARE, type TrafficMix } from './traffic.js';
import type { Warehouse } from './warehouse.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** An idle warehouse works ahead, yet leaves this part of the planned delay. */
const LEAST_DELAY = 0.1;

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
    this.#baskets = new BasketFiller(settings.profile, parts.catalogue, parts.warehouse);
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
    const { chronicle, storefront, warehouse } = this.parts;
    const visit = storefront.buyer();
    const shopper = visit?.shopper ?? storefront.caller();
    const id = `o-${chronicle.run}-${this.#orders.toString(36)}`;
    const random = new Random(this.settings.seed, chronicle.run, 'order', this.#orders);
    const order: Order = {
      id,
      customerId: shopper.customerId ?? `guest-${chronicle.run}-${this.#orders.toString(36)}`,
      shopper,
      visitorId: visit === undefined ? null : shopper.visitorId,
      visitId: visit?.id ?? null,
      lines: this.#baskets.fill(random, visit),
      random,
      scenario: null,
      refunded: false,
    };
    chronicle.order(orderEventOf(order, 'PLACED', this.settings.currency, { lines: order.lines }));
    chronicle.truth({ eventType: 'HONEST', orderId: id, scenario: order.scenario, actorId: shopper.visitorId, amountMinor: amountOf(order.lines) });
    for (const line of order.lines) warehouse.sell(line.product, line.quantity);
    const atOnce = shopper.paymentMethod === 'card' || shopper.paymentMethod === 'paypal';
    const delay = atOnce ? random.logNormal(10_000, 0.6) : this.#scaled(random.logNormal(3 * HOUR_MS, 1));
    this.#arrange(this.#work, order, delay, random.chance(UNPAID_SHARE) ? this.#failPayment : this.#pay);
  }

  readonly #failPayment: Act = (order) => {
    this.#cancel(order, 'payment-failed', 0);
  };

  readonly #pay: Act = (order) => {
    this.parts.chronicle.order(orderEventOf(order, 'PAID', this.settings.currency, {}));
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
    if (random.chance(this.#refundChance)) {
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
