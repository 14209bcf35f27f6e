import type { OrderEvent, OrderEventType } from '@millrace/contracts';
import type { Product } from './catalogue.js';
import type { Checkout } from './checkout.js';
import type { Plot } from './errand.js';
import type { Card } from './identity.js';
import type { Random } from './random.js';
import type { Shopper } from './shopper.js';
import type { Visit } from './visit.js';

/** A line as it was ordered: the price of that moment. */
export interface Line {
  readonly product: Product;
  readonly quantity: number;
  readonly unitPriceMinor: number;
}

/** An order and what chance has in store for it. */
export interface Order {
  readonly id: string;
  readonly customerId: string;
  readonly shopper: Shopper;
  /** Null: by telephone. */
  readonly visit: Visit | null;
  readonly lines: readonly Line[];
  readonly checkout: Checkout;
  /** The card that was tried last. */
  card: Card | null;
  readonly ipAddress: string | null;
  readonly discountMinor: number | null;
  readonly random: Random;
  /** What is behind it; null for an honest shopper. */
  readonly plot: Plot | null;
  refunded: boolean;
}

export function amountOf(lines: readonly Line[]): number {
  return lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
}

/** An event of the order; with `lines`, and their sum as its amount unless `totalMinor` says otherwise. */
export function orderEventOf(
  order: Order,
  eventType: OrderEventType,
  currency: string,
  details: { readonly lines?: readonly Line[]; readonly totalMinor?: number; readonly reason?: string },
): Omit<OrderEvent, 'eventId' | 'occurredAt'> {
  return {
    eventType,
    orderId: order.id,
    customerId: order.customerId,
    visitorId: order.visit === null ? null : order.shopper.visitorId,
    sessionId: order.visit?.id ?? null,
    country: order.checkout.shipping.country,
    currency,
    totalMinor: details.totalMinor ?? amountOf(details.lines ?? order.lines),
    lines: (details.lines ?? []).map((line) => ({
      productId: line.product.id,
      category: line.product.category,
      quantity: line.quantity,
      unitPriceMinor: line.unitPriceMinor,
      amountMinor: line.quantity * line.unitPriceMinor,
    })),
    reason: details.reason ?? null,
    ...statedAt(order),
  };
}

type Stated = Pick<
  OrderEvent,
  | 'paymentMethod' | 'deviceId' | 'ipAddress' | 'ipCountry' | 'emailDomain' | 'accountCreatedAt' | 'cardId' | 'cardCountry' | 'cardFunding' | 'billingAddressId'
  | 'billingCountry' | 'shippingAddressId' | 'promoCode' | 'discountMinor'
>;

function statedAt({ checkout, card, visit, shopper, ipAddress, discountMinor }: Order): Stated {
  return {
    paymentMethod: checkout.paymentMethod,
    deviceId: visit === null ? null : shopper.deviceId,
    ipAddress,
    ipCountry: visit?.connection.country ?? null,
    emailDomain: checkout.emailDomain,
    accountCreatedAt: checkout.accountCreatedAt,
    cardId: card?.id ?? null,
    cardCountry: card?.country ?? null,
    cardFunding: card?.funding ?? null,
    billingAddressId: checkout.billing.id,
    billingCountry: checkout.billing.country,
    shippingAddressId: checkout.shipping.id,
    promoCode: checkout.promoCode,
    discountMinor,
  };
}
