import { randomUUID } from 'node:crypto';
import {
  metricKey,
  type AlertEvent,
  type ClickEvent,
  type FeedbackEvent,
  type FraudLabelEvent,
  type FraudScore,
  type InventoryEvent,
  type MetricWindow,
  type OrderEvent,
  type TruthEvent,
} from '@millrace/contracts';
import { uniqueName } from './unique.names.js';

/** Each factory makes a valid event; name only what the test is about. */
type Make<E> = (given?: Partial<E>) => E;

const MINUTE_MS = 60_000;

export const makeClick: Make<ClickEvent> = (given = {}) => ({
  eventId: randomUUID(),
  eventType: 'PRODUCT_VIEW',
  occurredAt: Date.now(),
  visitorId: uniqueName('visitor-'),
  sessionId: null,
  customerId: null,
  country: 'DE',
  device: 'mobile',
  deviceId: null,
  productId: 'product-1',
  category: 'garden',
  searchQuery: null,
  pageUrl: '/p/product-1',
  referrer: 'direct',
  quantity: null,
  priceMinor: 1999,
  currency: 'EUR',
  ...given,
});

export const makeOrder: Make<OrderEvent> = (given = {}) => ({
  eventId: randomUUID(),
  eventType: 'PLACED',
  occurredAt: Date.now(),
  orderId: uniqueName('order-'),
  customerId: uniqueName('customer-'),
  visitorId: null,
  sessionId: null,
  country: 'DE',
  currency: 'EUR',
  totalMinor: 3998,
  lines: [{ productId: 'product-1', category: 'garden', quantity: 2, unitPriceMinor: 1999, amountMinor: 3998 }],
  paymentMethod: 'card',
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
  ...given,
});

export const makeInventory: Make<InventoryEvent> = (given = {}) => ({
  eventId: randomUUID(),
  eventType: 'STOCK_LEVEL',
  occurredAt: Date.now(),
  productId: uniqueName('product-'),
  name: null,
  category: 'garden',
  stockLevel: 100,
  change: null,
  reorderPoint: 10,
  priceMinor: 1999,
  currency: 'EUR',
  reason: null,
  ...given,
});

export const makeFeedback: Make<FeedbackEvent> = (given = {}) => ({
  eventId: randomUUID(),
  eventType: 'REVIEWED',
  occurredAt: Date.now(),
  productId: uniqueName('product-'),
  category: 'garden',
  customerId: null,
  orderId: null,
  country: 'DE',
  rating: 4,
  title: null,
  body: null,
  language: 'de',
  ...given,
});

export const makeFraudLabel: Make<FraudLabelEvent> = (given = {}) => ({
  eventId: randomUUID(),
  eventType: 'CHARGEBACK',
  occurredAt: Date.now(),
  orderId: uniqueName('order-'),
  fraud: true,
  scenario: null,
  decidedBy: null,
  amountMinor: 3998,
  currency: 'EUR',
  ...given,
});

export const makeTruth: Make<TruthEvent> = (given = {}) => ({
  eventId: randomUUID(),
  eventType: 'HONEST',
  occurredAt: Date.now(),
  orderId: uniqueName('order-'),
  scenario: null,
  actorId: null,
  amountMinor: 3998,
  ...given,
});

export const makeFraudScore: Make<FraudScore> = (given = {}) => ({
  orderId: uniqueName('order-'),
  customerId: uniqueName('customer-'),
  score: 0.1,
  decision: 'ALLOW',
  rulesHit: [],
  contributions: {},
  features: {},
  evidence: [],
  versions: {},
  degraded: false,
  occurredAt: Date.now(),
  scoredAt: Date.now(),
  revision: 1,
  lane: 'live',
  totalMinor: 3998,
  currency: 'EUR',
  modelScore: 0.1,
  reasons: [],
  linked: [],
  shadows: [],
  ...given,
});

/** A minute; its key is that of its metric and dimensions. */
export const makeMetricWindow: Make<MetricWindow> = (given = {}) => {
  const { metric = 'orders.count', dimensions = { country: 'DE' } } = given;
  const windowStart = given.windowStart ?? Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  return {
    metricKey: metricKey(metric, dimensions),
    metric,
    dimensions,
    window: '1m',
    windowStart,
    windowEnd: windowStart + MINUTE_MS,
    value: 1,
    count: 1,
    items: [],
    revision: 1,
    watermark: null,
    final: false,
    sourceOffsets: [],
    computedAt: Date.now(),
    lane: 'live',
    ...given,
  };
};

export const makeAlert: Make<AlertEvent> = (given = {}) => ({
  eventId: randomUUID(),
  fingerprint: '8f14a41207c8456c',
  status: 'FIRING',
  rule: 'orders-dropped',
  severity: 'warning',
  labels: { rule: 'orders-dropped', severity: 'warning' },
  annotations: {},
  value: 1,
  threshold: 2,
  startsAt: Date.now(),
  endsAt: null,
  occurredAt: Date.now(),
  evidence: [],
  lane: 'live',
  ...given,
});
