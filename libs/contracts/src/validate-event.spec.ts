import { describe, expect, it } from '@jest/globals';
import { feedbackEvent, orderEvent, type OrderEvent } from './generated/events.js';
import { findViolation } from './validate-event.js';

const order: OrderEvent = {
  eventId: 'e1',
  eventType: 'PLACED',
  occurredAt: 0,
  orderId: 'o1',
  customerId: 'c1',
  visitorId: null,
  sessionId: null,
  country: null,
  currency: 'EUR',
  totalMinor: 100,
  lines: [{ productId: 'p1', category: null, quantity: 1, unitPriceMinor: 100, amountMinor: 100 }],
  paymentMethod: null,
  reason: null,
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
const [line] = order.lines;

describe('findViolation', () => {
  it('accepts a valid order', () => {
    expect(findViolation(orderEvent, order)).toBeNull();
  });

  it('names the line and the field of an order of -5 items', () => {
    const broken = { ...order, lines: [line!, { ...line!, quantity: -5 }] };
    expect(findViolation(orderEvent, broken)).toBe('lines[1].quantity: -5 is less than 1');
  });

  it.each([
    [{ customerId: '' }, 'customerId: is shorter than 1'],
    [{ totalMinor: -1 }, 'totalMinor: -1 is less than 0'],
    [{ currency: 'euro' }, 'currency: "euro" does not match ^[A-Z]{3}$'],
  ])('refuses %j', (change, reason) => {
    expect(findViolation(orderEvent, { ...order, ...change })).toBe(reason);
  });

  it('refuses a rating above five and ignores absent optional fields', () => {
    const review = {
      eventId: 'e1', eventType: 'REVIEWED' as const, occurredAt: 0, productId: 'p1', category: null, customerId: null, orderId: null,
      country: null, rating: 7, title: null, body: null, language: null,
    };
    expect(findViolation(feedbackEvent, review)).toBe('rating: 7 is more than 5');
    expect(findViolation(feedbackEvent, { ...review, rating: 5 })).toBeNull();
  });
});
