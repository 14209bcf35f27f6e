import type { OrderEvent, OrderEventType } from '@millrace/contracts';
import type { Product } from './catalogue.js';
import type { Random } from './random.js';
import type { Shopper } from './shopper.js';

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
  readonly visitorId: string | null;
  readonly visitId: string | null;
  readonly lines: readonly Line[];
  readonly random: Random;
  /** Who in the world is behind it: null for an honest shopper, else the name of a scenario. */
  readonly scenario: string | null;
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
    visitorId: order.visitorId,
    sessionId: order.visitId,
    country: order.shopper.country,
    currency,
    totalMinor: details.totalMinor ?? amountOf(details.lines ?? order.lines),
    lines: (details.lines ?? []).map((line) => ({
      productId: line.product.id,
      category: line.product.category,
      quantity: line.quantity,
      unitPriceMinor: line.unitPriceMinor,
      amountMinor: line.quantity * line.unitPriceMinor,
    })),
    paymentMethod: order.shopper.paymentMethod,
    reason: details.reason ?? null,
    deviceId: null,
    ipAddress: null,
    ipCountry: null,
    emailDomain: null,
    accountCreatedAt: null,
    cardId: null,
    cardCountry: null,
    cardFunding: null,
    billingAddressId: null,
    billingCountry: null,
    shippingAddressId: null,
    promoCode: null,
    discountMinor: null,
  };
}
