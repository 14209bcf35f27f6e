// Generated from avro/*.avsc: run "npm run contracts:generate".
import type { EventContract } from '../event-contract.js';

/** FIRING: the condition holds; RESOLVED: it no longer does. */
export type AlertStatus = 'FIRING' | 'RESOLVED' | 'UNKNOWN';

/** Records of one partition that a result was computed from. */
export interface SourceOffsets {
  /** Kafka topic, with its lane. */
  readonly topic: string;
  /** Partition of that topic. */
  readonly partition: number;
  /** Lowest offset that contributed, inclusive. */
  readonly firstOffset: number;
  /** Highest offset that contributed, inclusive. */
  readonly lastOffset: number;
}

/** A metric window the decision rests on. */
export interface AlertEvidence {
  /** Metric and dimensions. */
  readonly metricKey: string;
  /** Length of the window. */
  readonly window: string;
  /** Start of the window. */
  readonly windowStart: number;
  /** End of the window. */
  readonly windowEnd: number;
  /** Its value then. */
  readonly value: number;
  /** Its revision then. */
  readonly revision: number;
  /** The records behind it. */
  readonly sourceOffsets: readonly SourceOffsets[];
}

/** An alert that began to fire, or was resolved. */
export interface AlertEvent {
  /** Unique id of this state change. */
  readonly eventId: string;
  /** FNV-1a of the labels, 16 hex digits: the same alert has the same one. */
  readonly fingerprint: string;
  /** The state that began. */
  readonly status: AlertStatus;
  /** Name of the rule. */
  readonly rule: string;
  /** critical, warning or info. */
  readonly severity: string;
  /** Identity of the alert: rule, severity, lane, dimensions and the rule's own labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Text for people: summary, description. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The value that decided it. */
  readonly value: number | null;
  /** What it was compared with. */
  readonly threshold: number | null;
  /** When it began to fire, event time of the deciding window's end. */
  readonly startsAt: number;
  /** When it was resolved; null while it fires. */
  readonly endsAt: number | null;
  /** When the ruler decided, UTC. */
  readonly occurredAt: number;
  /** The windows the decision rests on. */
  readonly evidence: readonly AlertEvidence[];
  /** The lane it fired in. */
  readonly lane: string;
}

/** PAGE_VIEW: a page that is not a product's; SEARCH: a query was sent; PRODUCT_VIEW: a product's page; ADD_TO_CART and REMOVE_FROM_CART: the cart changed; CHECKOUT: the checkout was opened; SIGN_IN: a visitor became a known customer. */
export type ClickEventType = 'PAGE_VIEW' | 'SEARCH' | 'PRODUCT_VIEW' | 'ADD_TO_CART' | 'REMOVE_FROM_CART' | 'CHECKOUT' | 'SIGN_IN' | 'UNKNOWN';

/** One thing a visitor did on the shop's site or app, sent when it happened in the browser. */
export interface ClickEvent {
  /** Unique id of this event; a redelivery carries the same id, so every sink can drop it. */
  readonly eventId: string;
  /** What happened to the visit. */
  readonly eventType: ClickEventType;
  /** When it happened in the shop, UTC, milliseconds since 1970-01-01: the event time of every window. */
  readonly occurredAt: number;
  /** The browser or device, pseudonymous; known before any sign-in. */
  readonly visitorId: string;
  /** One visit: events of a visitor with less than 30 minutes between them. */
  readonly sessionId: string | null;
  /** The customer, once signed in. */
  readonly customerId: string | null;
  /** Where the visitor is, ISO 3166-1 alpha-2 where the source knows it. */
  readonly country: string | null;
  /** Kind of device: desktop, mobile, tablet. */
  readonly device: string | null;
  /** Fingerprint of the device, pseudonymous. */
  readonly deviceId: string | null;
  /** The product seen, added or removed. */
  readonly productId: string | null;
  /** Category of that product. */
  readonly category: string | null;
  /** What was searched for. */
  readonly searchQuery: string | null;
  /** Path of the page, without query string. */
  readonly pageUrl: string | null;
  /** Where the visit came from: direct, search, social, email, ads or a host. */
  readonly referrer: string | null;
  /** Items added or removed, at least 1. */
  readonly quantity: number | null;
  /** Unit price shown, in minor units of the currency. */
  readonly priceMinor: number | null;
  /** ISO 4217 code of the price. */
  readonly currency: string | null;
}

/** REVIEWED: a rating with a text; RATED: a rating alone. */
export type FeedbackEventType = 'REVIEWED' | 'RATED' | 'UNKNOWN';

/** A customer's opinion of a product. */
export interface FeedbackEvent {
  /** Unique id of this event; a redelivery carries the same id, so every sink can drop it. */
  readonly eventId: string;
  /** What happened to the opinion. */
  readonly eventType: FeedbackEventType;
  /** When it happened in the shop, UTC, milliseconds since 1970-01-01: the event time of every window. */
  readonly occurredAt: number;
  /** The product rated. */
  readonly productId: string;
  /** Category of the product. */
  readonly category: string | null;
  /** Who rated. */
  readonly customerId: string | null;
  /** The order it was bought with. */
  readonly orderId: string | null;
  /** Where the customer is. */
  readonly country: string | null;
  /** 1 (bad) to 5 (good). */
  readonly rating: number;
  /** Heading of the review. */
  readonly title: string | null;
  /** Text of the review. */
  readonly body: string | null;
  /** BCP 47 tag of the text. */
  readonly language: string | null;
}

/** CHARGEBACK: the bank took the money back; VERDICT: an analyst decided; ALERT_OUTCOME: a receiver said whether an alert was right. */
export type FraudLabelType = 'CHARGEBACK' | 'VERDICT' | 'ALERT_OUTCOME' | 'UNKNOWN';

/** What the shop learns late about an order: was it fraud? */
export interface FraudLabelEvent {
  /** Unique id of this event; a redelivery carries the same id, so every sink can drop it. */
  readonly eventId: string;
  /** What happened to the order. */
  readonly eventType: FraudLabelType;
  /** When it happened in the shop, UTC, milliseconds since 1970-01-01: the event time of every window. */
  readonly occurredAt: number;
  /** The order judged. */
  readonly orderId: string;
  /** True: it was fraud. */
  readonly fraud: boolean;
  /** Kind of fraud, where known. */
  readonly scenario: string | null;
  /** Who or what says so. */
  readonly decidedBy: string | null;
  /** Money lost, in minor units. */
  readonly amountMinor: number | null;
  /** ISO 4217 code of the amount. */
  readonly currency: string | null;
}

/** ALLOW: let it through; REVIEW: a person should look; DECLINE: refuse it. */
export type FraudDecision = 'ALLOW' | 'REVIEW' | 'DECLINE' | 'UNKNOWN';

/** Why the score is what it is, most important first. */
export interface ScoreReason {
  /** rule or model. */
  readonly kind: string;
  /** Id of the rule, or name of the feature. */
  readonly name: string;
  /** In words, with the values seen. */
  readonly text: string;
  /** Value of that feature; null for a rule, and where it was unknown. */
  readonly value: number | null;
  /** Log-odds that the feature adds; for a rule the least probability it asks for. */
  readonly weight: number;
}

/** Something this order shares with others, as it was known when the order was placed. */
export interface LinkedEntity {
  /** customer, card, device, ip, address, email or product. */
  readonly kind: string;
  /** Its id. */
  readonly id: string;
  /** Orders placed with it in the last 30 days, this one included. */
  readonly orders: number;
  /** Different customers among them. */
  readonly customers: number;
  /** Those among them which were labelled fraud by then. */
  readonly frauds: number;
}

/** As FraudDecision. */
export type ShadowDecision = 'ALLOW' | 'REVIEW' | 'DECLINE' | 'UNKNOWN';

/** What rules or a model on trial would have said. */
export interface ShadowScore {
  /** challenger, or the id of a rule in shadow mode. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Its probability of fraud, 0 to 1. */
  readonly score: number;
  /** What it would have decided. */
  readonly decision: ShadowDecision;
}

/** The verdict of the rules and the model on one order, with what it rests on. Of one order the highest revision counts, and of equal ones the first. */
export interface FraudScore {
  /** The order scored. */
  readonly orderId: string;
  /** Who ordered. */
  readonly customerId: string;
  /** Probability of fraud, 0 to 1. */
  readonly score: number;
  /** What the shop should do. */
  readonly decision: FraudDecision;
  /** Ids of the rules that fired. */
  readonly rulesHit: readonly string[];
  /** Contribution of each feature to the model's score. */
  readonly contributions: Readonly<Record<string, number>>;
  /** Value of each feature when the score was made. */
  readonly features: Readonly<Record<string, number | null>>;
  /** Records the score rests on. */
  readonly evidence: readonly SourceOffsets[];
  /** Versions of rules, model and features. */
  readonly versions: Readonly<Record<string, string>>;
  /** True: a part was missing and the score rests on the rest. */
  readonly degraded: boolean;
  /** Event time of the order. */
  readonly occurredAt: number;
  /** When the score was made, UTC. */
  readonly scoredAt: number;
  /** A rescoring has a higher one; readers keep the highest. */
  readonly revision: number;
  /** The lane it was scored in. */
  readonly lane: string;
  /** What the order costs, in minor units of its currency. */
  readonly totalMinor: number | null;
  /** ISO 4217 code of that amount. */
  readonly currency: string | null;
  /** The model's calibrated probability alone; null where no model was there. */
  readonly modelScore: number | null;
  /** Rules hit and the features that weigh most. */
  readonly reasons: readonly ScoreReason[];
  /** Entities of this order and what else they touch. */
  readonly linked: readonly LinkedEntity[];
  /** Rules and models that run beside and decide nothing. */
  readonly shadows: readonly ShadowScore[];
}

/** STOCK_LEVEL: the level after a sale, return, write-off or count; RESTOCKED: a delivery arrived; PRICE_CHANGED: a new price; PRODUCT_CHANGED: added to the catalogue, or its name or category changed. */
export type InventoryEventType = 'STOCK_LEVEL' | 'RESTOCKED' | 'PRICE_CHANGED' | 'PRODUCT_CHANGED' | 'UNKNOWN';

/** A change of what the shop has on its shelves or in its catalogue. */
export interface InventoryEvent {
  /** Unique id of this event; a redelivery carries the same id, so every sink can drop it. */
  readonly eventId: string;
  /** What happened to the product. */
  readonly eventType: InventoryEventType;
  /** When it happened in the shop, UTC, milliseconds since 1970-01-01: the event time of every window. */
  readonly occurredAt: number;
  /** The product. */
  readonly productId: string;
  /** Name in the catalogue. */
  readonly name: string | null;
  /** Category in the catalogue. */
  readonly category: string | null;
  /** Items on hand after this event, at least 0. */
  readonly stockLevel: number | null;
  /** Items that came (positive) or went (negative) with this event. */
  readonly change: number | null;
  /** Level at which the shop orders more; at or under it the stock is low. */
  readonly reorderPoint: number | null;
  /** Price in minor units after this event. */
  readonly priceMinor: number | null;
  /** ISO 4217 code of the price. */
  readonly currency: string | null;
  /** sale, return, delivery, write-off, count or what the source says. */
  readonly reason: string | null;
}

/** One place of a ranking. */
export interface MetricItem {
  /** What is ranked, such as a product id. */
  readonly key: string;
  /** Its value. */
  readonly value: number;
}

/** The value of one metric for one set of dimensions in one window. A later revision replaces an earlier one. */
export interface MetricWindow {
  /** Metric and dimensions in one string, `metric{name=value,...}` with the names sorted: the Kafka key. */
  readonly metricKey: string;
  /** Name of the metric, from the metric catalogue. */
  readonly metric: string;
  /** Dimension names and values; empty for the whole shop. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** Length of the window: 1m, 10m, 1h, 1d, 1mo. */
  readonly window: string;
  /** Start of the window in event time, inclusive. */
  readonly windowStart: number;
  /** End of the window in event time, exclusive. */
  readonly windowEnd: number;
  /** The metric's value, in the unit the catalogue gives; money in minor units, exact up to 2^53. */
  readonly value: number;
  /** Events that the value was computed from. */
  readonly count: number;
  /** Ranking, best first, for metrics that are one; else empty. */
  readonly items: readonly MetricItem[];
  /** Grows with every change of this window, never falls: sinks keep the highest. */
  readonly revision: number;
  /** Event time before which the source is held complete; null before the first event. */
  readonly watermark: number | null;
  /** True once the watermark has passed the window's end: no later revision will come. */
  readonly final: boolean;
  /** The records this value was computed from. */
  readonly sourceOffsets: readonly SourceOffsets[];
  /** When this revision was computed, UTC. */
  readonly computedAt: number;
  /** The lane this was computed in. */
  readonly lane: string;
}

/** PLACED: the customer committed to buy, the moment that counts as a sale; PAID: the payment succeeded; PAYMENT_DECLINED: the bank refused a payment, which may be tried again or end in CANCELLED; CANCELLED: given up before it was shipped; SHIPPED: left the warehouse; REFUNDED: money went back, totalMinor says how much; RETURNED: goods came back. */
export type OrderEventType = 'PLACED' | 'PAID' | 'CANCELLED' | 'SHIPPED' | 'REFUNDED' | 'RETURNED' | 'PAYMENT_DECLINED' | 'UNKNOWN';

/** One product of an order. */
export interface OrderLine {
  /** The product. */
  readonly productId: string;
  /** Category of the product when it was ordered. */
  readonly category: string | null;
  /** Items, at least 1; a refund or return counts the items that came back. */
  readonly quantity: number;
  /** Price of one item in minor units, rounded half up where the source has finer prices. */
  readonly unitPriceMinor: number;
  /** What the whole line costs in minor units, at least 0; the sum over the lines is the order's total. */
  readonly amountMinor: number;
}

/** One step in the life of an order, sent when the shop recorded it. */
export interface OrderEvent {
  /** Unique id of this event; a redelivery carries the same id, so every sink can drop it. */
  readonly eventId: string;
  /** What happened to the order. */
  readonly eventType: OrderEventType;
  /** When it happened in the shop, UTC, milliseconds since 1970-01-01: the event time of every window. */
  readonly occurredAt: number;
  /** The order; the same in each of its events. */
  readonly orderId: string;
  /** Who ordered; guests have an id of their own. */
  readonly customerId: string;
  /** The visitor of the clickstream who became this order. */
  readonly visitorId: string | null;
  /** The visit in which it was placed. */
  readonly sessionId: string | null;
  /** Where it ships to, ISO 3166-1 alpha-2 where the source knows it. */
  readonly country: string | null;
  /** ISO 4217 code of every amount in this event. */
  readonly currency: string;
  /** Amount of this event in minor units, at least 0: the order's total, or what a refund or cancellation gives back. */
  readonly totalMinor: number;
  /** The products; may be empty where a step concerns the order as a whole. */
  readonly lines: readonly OrderLine[];
  /** card, paypal, invoice, voucher or what the source says. */
  readonly paymentMethod: string | null;
  /** Why it was cancelled, declined, refunded or returned. */
  readonly reason: string | null;
  /** Fingerprint of the device that ordered, pseudonymous; the same as in the clickstream. */
  readonly deviceId: string | null;
  /** Address that the order came from, IPv4 or IPv6, or a token of it. */
  readonly ipAddress: string | null;
  /** Country of that address, ISO 3166-1 alpha-2 where the source knows it. */
  readonly ipCountry: string | null;
  /** What stands behind the @ of the e-mail address given, in lower case. */
  readonly emailDomain: string | null;
  /** When the account was opened; null for a guest. */
  readonly accountCreatedAt: number | null;
  /** Token of the payment card that was tried last, the same for each use of the card; never a card number. */
  readonly cardId: string | null;
  /** Country of the bank that issued the card, ISO 3166-1 alpha-2 where the source knows it. */
  readonly cardCountry: string | null;
  /** credit, debit or prepaid. */
  readonly cardFunding: string | null;
  /** Token of the address of the bill. */
  readonly billingAddressId: string | null;
  /** Country of that address, ISO 3166-1 alpha-2 where the source knows it. */
  readonly billingCountry: string | null;
  /** Token of the address it ships to; its country is `country`. */
  readonly shippingAddressId: string | null;
  /** Promotion code that was redeemed. */
  readonly promoCode: string | null;
  /** What the promotion took off in minor units; prices and totals are after it. */
  readonly discountMinor: number | null;
}

/** HONEST: a real shopper; FRAUD: a fraudster. */
export type TruthType = 'HONEST' | 'FRAUD' | 'UNKNOWN';

/** What really happened, from the simulator. Nothing that scores or alerts may read it. */
export interface TruthEvent {
  /** Unique id of this event; a redelivery carries the same id, so every sink can drop it. */
  readonly eventId: string;
  /** What happened to the order. */
  readonly eventType: TruthType;
  /** When it happened in the shop, UTC, milliseconds since 1970-01-01: the event time of every window. */
  readonly occurredAt: number;
  /** The order. */
  readonly orderId: string;
  /** The fraud scenario that made it. */
  readonly scenario: string | null;
  /** Who in the simulated world did it. */
  readonly actorId: string | null;
  /** The order's total in minor units. */
  readonly amountMinor: number | null;
}

/** An alert that began to fire, or was resolved. */
export const alertEvent: EventContract<AlertEvent> = {
  name: 'AlertEvent',
  topic: 'alerts.v1',
  settings: {"partitions":2,"retentionMs":2592000000,"cleanupPolicy":"delete","maxMessageBytes":1048576},
  keyField: 'fingerprint',
  key: (event) => event.fingerprint,
  schema: "{\"type\":\"record\",\"name\":\"AlertEvent\",\"namespace\":\"io.millrace\",\"doc\":\"An alert that began to fire, or was resolved.\",\"fields\":[{\"name\":\"eventId\",\"type\":\"string\",\"doc\":\"Unique id of this state change.\"},{\"name\":\"fingerprint\",\"type\":\"string\",\"doc\":\"FNV-1a of the labels, 16 hex digits: the same alert has the same one.\"},{\"name\":\"status\",\"type\":{\"type\":\"enum\",\"name\":\"AlertStatus\",\"doc\":\"FIRING: the condition holds; RESOLVED: it no longer does.\",\"symbols\":[\"FIRING\",\"RESOLVED\",\"UNKNOWN\"],\"default\":\"UNKNOWN\"},\"doc\":\"The state that began.\"},{\"name\":\"rule\",\"type\":\"string\",\"doc\":\"Name of the rule.\"},{\"name\":\"severity\",\"type\":\"string\",\"doc\":\"critical, warning or info.\"},{\"name\":\"labels\",\"type\":{\"type\":\"map\",\"values\":\"string\"},\"doc\":\"Identity of the alert: rule, severity, lane, dimensions and the rule's own labels.\"},{\"name\":\"annotations\",\"type\":{\"type\":\"map\",\"values\":\"string\"},\"doc\":\"Text for people: summary, description.\",\"default\":{}},{\"name\":\"value\",\"type\":[\"null\",\"double\"],\"doc\":\"The value that decided it.\",\"default\":null},{\"name\":\"threshold\",\"type\":[\"null\",\"double\"],\"doc\":\"What it was compared with.\",\"default\":null},{\"name\":\"startsAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When it began to fire, event time of the deciding window's end.\"},{\"name\":\"endsAt\",\"type\":[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}],\"doc\":\"When it was resolved; null while it fires.\",\"default\":null},{\"name\":\"occurredAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When the ruler decided, UTC.\"},{\"name\":\"evidence\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"AlertEvidence\",\"doc\":\"A metric window the decision rests on.\",\"fields\":[{\"name\":\"metricKey\",\"type\":\"string\",\"doc\":\"Metric and dimensions.\"},{\"name\":\"window\",\"type\":\"string\",\"doc\":\"Length of the window.\"},{\"name\":\"windowStart\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"Start of the window.\"},{\"name\":\"windowEnd\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"End of the window.\"},{\"name\":\"value\",\"type\":\"double\",\"doc\":\"Its value then.\"},{\"name\":\"revision\",\"type\":\"long\",\"doc\":\"Its revision then.\"},{\"name\":\"sourceOffsets\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"SourceOffsets\",\"doc\":\"Records of one partition that a result was computed from.\",\"fields\":[{\"name\":\"topic\",\"type\":\"string\",\"doc\":\"Kafka topic, with its lane.\"},{\"name\":\"partition\",\"type\":\"int\",\"doc\":\"Partition of that topic.\"},{\"name\":\"firstOffset\",\"type\":\"long\",\"doc\":\"Lowest offset that contributed, inclusive.\"},{\"name\":\"lastOffset\",\"type\":\"long\",\"doc\":\"Highest offset that contributed, inclusive.\"}]}},\"doc\":\"The records behind it.\",\"default\":[]}]}},\"doc\":\"The windows the decision rests on.\",\"default\":[]},{\"name\":\"lane\",\"type\":\"string\",\"doc\":\"The lane it fired in.\"}]}",
  rules: [{"path":["eventId"],"minLength":1}],
};

/** One thing a visitor did on the shop's site or app, sent when it happened in the browser. */
export const clickEvent: EventContract<ClickEvent> = {
  name: 'ClickEvent',
  topic: 'shop.clickstream.v1',
  settings: {"partitions":2,"retentionMs":604800000,"cleanupPolicy":"delete","maxMessageBytes":12582912},
  keyField: 'visitorId',
  key: (event) => event.visitorId,
  schema: "{\"type\":\"record\",\"name\":\"ClickEvent\",\"namespace\":\"io.millrace\",\"doc\":\"One thing a visitor did on the shop's site or app, sent when it happened in the browser.\",\"fields\":[{\"name\":\"eventId\",\"type\":\"string\",\"doc\":\"Unique id of this event; a redelivery carries the same id, so every sink can drop it.\"},{\"name\":\"eventType\",\"type\":{\"type\":\"enum\",\"name\":\"ClickEventType\",\"doc\":\"PAGE_VIEW: a page that is not a product's; SEARCH: a query was sent; PRODUCT_VIEW: a product's page; ADD_TO_CART and REMOVE_FROM_CART: the cart changed; CHECKOUT: the checkout was opened; SIGN_IN: a visitor became a known customer.\",\"symbols\":[\"PAGE_VIEW\",\"SEARCH\",\"PRODUCT_VIEW\",\"ADD_TO_CART\",\"REMOVE_FROM_CART\",\"CHECKOUT\",\"SIGN_IN\",\"UNKNOWN\"],\"default\":\"UNKNOWN\"},\"doc\":\"What happened to the visit.\"},{\"name\":\"occurredAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When it happened in the shop, UTC, milliseconds since 1970-01-01: the event time of every window.\"},{\"name\":\"visitorId\",\"type\":\"string\",\"doc\":\"The browser or device, pseudonymous; known before any sign-in.\"},{\"name\":\"sessionId\",\"type\":[\"null\",\"string\"],\"doc\":\"One visit: events of a visitor with less than 30 minutes between them.\",\"default\":null},{\"name\":\"customerId\",\"type\":[\"null\",\"string\"],\"doc\":\"The customer, once signed in.\",\"default\":null},{\"name\":\"country\",\"type\":[\"null\",\"string\"],\"doc\":\"Where the visitor is, ISO 3166-1 alpha-2 where the source knows it.\",\"default\":null},{\"name\":\"device\",\"type\":[\"null\",\"string\"],\"doc\":\"Kind of device: desktop, mobile, tablet.\",\"default\":null},{\"name\":\"deviceId\",\"type\":[\"null\",\"string\"],\"doc\":\"Fingerprint of the device, pseudonymous.\",\"default\":null},{\"name\":\"productId\",\"type\":[\"null\",\"string\"],\"doc\":\"The product seen, added or removed.\",\"default\":null},{\"name\":\"category\",\"type\":[\"null\",\"string\"],\"doc\":\"Category of that product.\",\"default\":null},{\"name\":\"searchQuery\",\"type\":[\"null\",\"string\"],\"doc\":\"What was searched for.\",\"default\":null},{\"name\":\"pageUrl\",\"type\":[\"null\",\"string\"],\"doc\":\"Path of the page, without query string.\",\"default\":null},{\"name\":\"referrer\",\"type\":[\"null\",\"string\"],\"doc\":\"Where the visit came from: direct, search, social, email, ads or a host.\",\"default\":null},{\"name\":\"quantity\",\"type\":[\"null\",\"int\"],\"doc\":\"Items added or removed, at least 1.\",\"default\":null},{\"name\":\"priceMinor\",\"type\":[\"null\",\"long\"],\"doc\":\"Unit price shown, in minor units of the currency.\",\"default\":null},{\"name\":\"currency\",\"type\":[\"null\",\"string\"],\"doc\":\"ISO 4217 code of the price.\",\"default\":null}]}",
  rules: [{"path":["eventId"],"minLength":1},{"path":["visitorId"],"minLength":1},{"path":["customerId"],"minLength":1},{"path":["productId"],"minLength":1},{"path":["quantity"],"minimum":1},{"path":["priceMinor"],"minimum":0},{"path":["currency"],"pattern":"^[A-Z]{3}$"}],
};

/** A customer's opinion of a product. */
export const feedbackEvent: EventContract<FeedbackEvent> = {
  name: 'FeedbackEvent',
  topic: 'shop.feedback.v1',
  settings: {"partitions":2,"retentionMs":604800000,"cleanupPolicy":"delete","maxMessageBytes":12582912},
  keyField: 'productId',
  key: (event) => event.productId,
  schema: "{\"type\":\"record\",\"name\":\"FeedbackEvent\",\"namespace\":\"io.millrace\",\"doc\":\"A customer's opinion of a product.\",\"fields\":[{\"name\":\"eventId\",\"type\":\"string\",\"doc\":\"Unique id of this event; a redelivery carries the same id, so every sink can drop it.\"},{\"name\":\"eventType\",\"type\":{\"type\":\"enum\",\"name\":\"FeedbackEventType\",\"doc\":\"REVIEWED: a rating with a text; RATED: a rating alone.\",\"symbols\":[\"REVIEWED\",\"RATED\",\"UNKNOWN\"],\"default\":\"UNKNOWN\"},\"doc\":\"What happened to the opinion.\"},{\"name\":\"occurredAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When it happened in the shop, UTC, milliseconds since 1970-01-01: the event time of every window.\"},{\"name\":\"productId\",\"type\":\"string\",\"doc\":\"The product rated.\"},{\"name\":\"category\",\"type\":[\"null\",\"string\"],\"doc\":\"Category of the product.\",\"default\":null},{\"name\":\"customerId\",\"type\":[\"null\",\"string\"],\"doc\":\"Who rated.\",\"default\":null},{\"name\":\"orderId\",\"type\":[\"null\",\"string\"],\"doc\":\"The order it was bought with.\",\"default\":null},{\"name\":\"country\",\"type\":[\"null\",\"string\"],\"doc\":\"Where the customer is.\",\"default\":null},{\"name\":\"rating\",\"type\":\"int\",\"doc\":\"1 (bad) to 5 (good).\"},{\"name\":\"title\",\"type\":[\"null\",\"string\"],\"doc\":\"Heading of the review.\",\"default\":null},{\"name\":\"body\",\"type\":[\"null\",\"string\"],\"doc\":\"Text of the review.\",\"default\":null},{\"name\":\"language\",\"type\":[\"null\",\"string\"],\"doc\":\"BCP 47 tag of the text.\",\"default\":null}]}",
  rules: [{"path":["eventId"],"minLength":1},{"path":["productId"],"minLength":1},{"path":["customerId"],"minLength":1},{"path":["orderId"],"minLength":1},{"path":["rating"],"minimum":1,"maximum":5}],
};

/** What the shop learns late about an order: was it fraud? */
export const fraudLabelEvent: EventContract<FraudLabelEvent> = {
  name: 'FraudLabelEvent',
  topic: 'shop.fraud-labels.v1',
  settings: {"partitions":2,"retentionMs":31536000000,"cleanupPolicy":"delete","maxMessageBytes":1048576},
  keyField: 'orderId',
  key: (event) => event.orderId,
  schema: "{\"type\":\"record\",\"name\":\"FraudLabelEvent\",\"namespace\":\"io.millrace\",\"doc\":\"What the shop learns late about an order: was it fraud?\",\"fields\":[{\"name\":\"eventId\",\"type\":\"string\",\"doc\":\"Unique id of this event; a redelivery carries the same id, so every sink can drop it.\"},{\"name\":\"eventType\",\"type\":{\"type\":\"enum\",\"name\":\"FraudLabelType\",\"doc\":\"CHARGEBACK: the bank took the money back; VERDICT: an analyst decided; ALERT_OUTCOME: a receiver said whether an alert was right.\",\"symbols\":[\"CHARGEBACK\",\"VERDICT\",\"ALERT_OUTCOME\",\"UNKNOWN\"],\"default\":\"UNKNOWN\"},\"doc\":\"What happened to the order.\"},{\"name\":\"occurredAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When it happened in the shop, UTC, milliseconds since 1970-01-01: the event time of every window.\"},{\"name\":\"orderId\",\"type\":\"string\",\"doc\":\"The order judged.\"},{\"name\":\"fraud\",\"type\":\"boolean\",\"doc\":\"True: it was fraud.\"},{\"name\":\"scenario\",\"type\":[\"null\",\"string\"],\"doc\":\"Kind of fraud, where known.\",\"default\":null},{\"name\":\"decidedBy\",\"type\":[\"null\",\"string\"],\"doc\":\"Who or what says so.\",\"default\":null},{\"name\":\"amountMinor\",\"type\":[\"null\",\"long\"],\"doc\":\"Money lost, in minor units.\",\"default\":null},{\"name\":\"currency\",\"type\":[\"null\",\"string\"],\"doc\":\"ISO 4217 code of the amount.\",\"default\":null}]}",
  rules: [{"path":["eventId"],"minLength":1},{"path":["orderId"],"minLength":1},{"path":["amountMinor"],"minimum":0},{"path":["currency"],"pattern":"^[A-Z]{3}$"}],
};

/** The verdict of the rules and the model on one order, with what it rests on. Of one order the highest revision counts, and of equal ones the first. */
export const fraudScore: EventContract<FraudScore> = {
  name: 'FraudScore',
  topic: 'fraud.scores.v1',
  settings: {"partitions":2,"retentionMs":604800000,"cleanupPolicy":"delete","maxMessageBytes":1048576},
  keyField: 'orderId',
  key: (event) => event.orderId,
  schema: "{\"type\":\"record\",\"name\":\"FraudScore\",\"namespace\":\"io.millrace\",\"doc\":\"The verdict of the rules and the model on one order, with what it rests on. Of one order the highest revision counts, and of equal ones the first.\",\"fields\":[{\"name\":\"orderId\",\"type\":\"string\",\"doc\":\"The order scored.\"},{\"name\":\"customerId\",\"type\":\"string\",\"doc\":\"Who ordered.\"},{\"name\":\"score\",\"type\":\"double\",\"doc\":\"Probability of fraud, 0 to 1.\"},{\"name\":\"decision\",\"type\":{\"type\":\"enum\",\"name\":\"FraudDecision\",\"doc\":\"ALLOW: let it through; REVIEW: a person should look; DECLINE: refuse it.\",\"symbols\":[\"ALLOW\",\"REVIEW\",\"DECLINE\",\"UNKNOWN\"],\"default\":\"UNKNOWN\"},\"doc\":\"What the shop should do.\"},{\"name\":\"rulesHit\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"doc\":\"Ids of the rules that fired.\",\"default\":[]},{\"name\":\"contributions\",\"type\":{\"type\":\"map\",\"values\":\"double\"},\"doc\":\"Contribution of each feature to the model's score.\",\"default\":{}},{\"name\":\"features\",\"type\":{\"type\":\"map\",\"values\":[\"null\",\"double\"]},\"doc\":\"Value of each feature when the score was made.\",\"default\":{}},{\"name\":\"evidence\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"SourceOffsets\",\"doc\":\"Records of one partition that a result was computed from.\",\"fields\":[{\"name\":\"topic\",\"type\":\"string\",\"doc\":\"Kafka topic, with its lane.\"},{\"name\":\"partition\",\"type\":\"int\",\"doc\":\"Partition of that topic.\"},{\"name\":\"firstOffset\",\"type\":\"long\",\"doc\":\"Lowest offset that contributed, inclusive.\"},{\"name\":\"lastOffset\",\"type\":\"long\",\"doc\":\"Highest offset that contributed, inclusive.\"}]}},\"doc\":\"Records the score rests on.\",\"default\":[]},{\"name\":\"versions\",\"type\":{\"type\":\"map\",\"values\":\"string\"},\"doc\":\"Versions of rules, model and features.\",\"default\":{}},{\"name\":\"degraded\",\"type\":\"boolean\",\"doc\":\"True: a part was missing and the score rests on the rest.\",\"default\":false},{\"name\":\"occurredAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"Event time of the order.\"},{\"name\":\"scoredAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When the score was made, UTC.\"},{\"name\":\"revision\",\"type\":\"long\",\"doc\":\"A rescoring has a higher one; readers keep the highest.\"},{\"name\":\"lane\",\"type\":\"string\",\"doc\":\"The lane it was scored in.\"},{\"name\":\"totalMinor\",\"type\":[\"null\",\"long\"],\"doc\":\"What the order costs, in minor units of its currency.\",\"default\":null},{\"name\":\"currency\",\"type\":[\"null\",\"string\"],\"doc\":\"ISO 4217 code of that amount.\",\"default\":null},{\"name\":\"modelScore\",\"type\":[\"null\",\"double\"],\"doc\":\"The model's calibrated probability alone; null where no model was there.\",\"default\":null},{\"name\":\"reasons\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"ScoreReason\",\"doc\":\"Why the score is what it is, most important first.\",\"fields\":[{\"name\":\"kind\",\"type\":\"string\",\"doc\":\"rule or model.\"},{\"name\":\"name\",\"type\":\"string\",\"doc\":\"Id of the rule, or name of the feature.\"},{\"name\":\"text\",\"type\":\"string\",\"doc\":\"In words, with the values seen.\"},{\"name\":\"value\",\"type\":[\"null\",\"double\"],\"doc\":\"Value of that feature; null for a rule, and where it was unknown.\",\"default\":null},{\"name\":\"weight\",\"type\":\"double\",\"doc\":\"Log-odds that the feature adds; for a rule the least probability it asks for.\",\"default\":0}]}},\"doc\":\"Rules hit and the features that weigh most.\",\"default\":[]},{\"name\":\"linked\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"LinkedEntity\",\"doc\":\"Something this order shares with others, as it was known when the order was placed.\",\"fields\":[{\"name\":\"kind\",\"type\":\"string\",\"doc\":\"customer, card, device, ip, address, email or product.\"},{\"name\":\"id\",\"type\":\"string\",\"doc\":\"Its id.\"},{\"name\":\"orders\",\"type\":\"long\",\"doc\":\"Orders placed with it in the last 30 days, this one included.\"},{\"name\":\"customers\",\"type\":\"long\",\"doc\":\"Different customers among them.\"},{\"name\":\"frauds\",\"type\":\"long\",\"doc\":\"Those among them which were labelled fraud by then.\"}]}},\"doc\":\"Entities of this order and what else they touch.\",\"default\":[]},{\"name\":\"shadows\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"ShadowScore\",\"doc\":\"What rules or a model on trial would have said.\",\"fields\":[{\"name\":\"name\",\"type\":\"string\",\"doc\":\"challenger, or the id of a rule in shadow mode.\"},{\"name\":\"version\",\"type\":\"string\",\"doc\":\"Its version.\"},{\"name\":\"score\",\"type\":\"double\",\"doc\":\"Its probability of fraud, 0 to 1.\"},{\"name\":\"decision\",\"type\":{\"type\":\"enum\",\"name\":\"ShadowDecision\",\"doc\":\"As FraudDecision.\",\"symbols\":[\"ALLOW\",\"REVIEW\",\"DECLINE\",\"UNKNOWN\"],\"default\":\"UNKNOWN\"},\"doc\":\"What it would have decided.\"}]}},\"doc\":\"Rules and models that run beside and decide nothing.\",\"default\":[]}]}",
  rules: [{"path":["orderId"],"minLength":1},{"path":["customerId"],"minLength":1},{"path":["score"],"minimum":0,"maximum":1},{"path":["totalMinor"],"minimum":0},{"path":["currency"],"pattern":"^[A-Z]{3}$"},{"path":["modelScore"],"minimum":0,"maximum":1}],
};

/** A change of what the shop has on its shelves or in its catalogue. */
export const inventoryEvent: EventContract<InventoryEvent> = {
  name: 'InventoryEvent',
  topic: 'shop.inventory.v1',
  settings: {"partitions":2,"retentionMs":604800000,"cleanupPolicy":"delete","maxMessageBytes":12582912},
  keyField: 'productId',
  key: (event) => event.productId,
  schema: "{\"type\":\"record\",\"name\":\"InventoryEvent\",\"namespace\":\"io.millrace\",\"doc\":\"A change of what the shop has on its shelves or in its catalogue.\",\"fields\":[{\"name\":\"eventId\",\"type\":\"string\",\"doc\":\"Unique id of this event; a redelivery carries the same id, so every sink can drop it.\"},{\"name\":\"eventType\",\"type\":{\"type\":\"enum\",\"name\":\"InventoryEventType\",\"doc\":\"STOCK_LEVEL: the level after a sale, return, write-off or count; RESTOCKED: a delivery arrived; PRICE_CHANGED: a new price; PRODUCT_CHANGED: added to the catalogue, or its name or category changed.\",\"symbols\":[\"STOCK_LEVEL\",\"RESTOCKED\",\"PRICE_CHANGED\",\"PRODUCT_CHANGED\",\"UNKNOWN\"],\"default\":\"UNKNOWN\"},\"doc\":\"What happened to the product.\"},{\"name\":\"occurredAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When it happened in the shop, UTC, milliseconds since 1970-01-01: the event time of every window.\"},{\"name\":\"productId\",\"type\":\"string\",\"doc\":\"The product.\"},{\"name\":\"name\",\"type\":[\"null\",\"string\"],\"doc\":\"Name in the catalogue.\",\"default\":null},{\"name\":\"category\",\"type\":[\"null\",\"string\"],\"doc\":\"Category in the catalogue.\",\"default\":null},{\"name\":\"stockLevel\",\"type\":[\"null\",\"long\"],\"doc\":\"Items on hand after this event, at least 0.\",\"default\":null},{\"name\":\"change\",\"type\":[\"null\",\"long\"],\"doc\":\"Items that came (positive) or went (negative) with this event.\",\"default\":null},{\"name\":\"reorderPoint\",\"type\":[\"null\",\"long\"],\"doc\":\"Level at which the shop orders more; at or under it the stock is low.\",\"default\":null},{\"name\":\"priceMinor\",\"type\":[\"null\",\"long\"],\"doc\":\"Price in minor units after this event.\",\"default\":null},{\"name\":\"currency\",\"type\":[\"null\",\"string\"],\"doc\":\"ISO 4217 code of the price.\",\"default\":null},{\"name\":\"reason\",\"type\":[\"null\",\"string\"],\"doc\":\"sale, return, delivery, write-off, count or what the source says.\",\"default\":null}]}",
  rules: [{"path":["eventId"],"minLength":1},{"path":["productId"],"minLength":1},{"path":["stockLevel"],"minimum":0},{"path":["priceMinor"],"minimum":0},{"path":["currency"],"pattern":"^[A-Z]{3}$"}],
};

/** The value of one metric for one set of dimensions in one window. A later revision replaces an earlier one. */
export const metricWindow: EventContract<MetricWindow> = {
  name: 'MetricWindow',
  topic: 'metrics.windows.v1',
  settings: {"partitions":2,"retentionMs":2592000000,"cleanupPolicy":"delete","maxMessageBytes":1048576},
  keyField: 'metricKey',
  key: (event) => event.metricKey,
  schema: "{\"type\":\"record\",\"name\":\"MetricWindow\",\"namespace\":\"io.millrace\",\"doc\":\"The value of one metric for one set of dimensions in one window. A later revision replaces an earlier one.\",\"fields\":[{\"name\":\"metricKey\",\"type\":\"string\",\"doc\":\"Metric and dimensions in one string, `metric{name=value,...}` with the names sorted: the Kafka key.\"},{\"name\":\"metric\",\"type\":\"string\",\"doc\":\"Name of the metric, from the metric catalogue.\"},{\"name\":\"dimensions\",\"type\":{\"type\":\"map\",\"values\":\"string\"},\"doc\":\"Dimension names and values; empty for the whole shop.\",\"default\":{}},{\"name\":\"window\",\"type\":\"string\",\"doc\":\"Length of the window: 1m, 10m, 1h, 1d, 1mo.\"},{\"name\":\"windowStart\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"Start of the window in event time, inclusive.\"},{\"name\":\"windowEnd\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"End of the window in event time, exclusive.\"},{\"name\":\"value\",\"type\":\"double\",\"doc\":\"The metric's value, in the unit the catalogue gives; money in minor units, exact up to 2^53.\"},{\"name\":\"count\",\"type\":\"long\",\"doc\":\"Events that the value was computed from.\"},{\"name\":\"items\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"MetricItem\",\"doc\":\"One place of a ranking.\",\"fields\":[{\"name\":\"key\",\"type\":\"string\",\"doc\":\"What is ranked, such as a product id.\"},{\"name\":\"value\",\"type\":\"double\",\"doc\":\"Its value.\"}]}},\"doc\":\"Ranking, best first, for metrics that are one; else empty.\",\"default\":[]},{\"name\":\"revision\",\"type\":\"long\",\"doc\":\"Grows with every change of this window, never falls: sinks keep the highest.\"},{\"name\":\"watermark\",\"type\":[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}],\"doc\":\"Event time before which the source is held complete; null before the first event.\",\"default\":null},{\"name\":\"final\",\"type\":\"boolean\",\"doc\":\"True once the watermark has passed the window's end: no later revision will come.\",\"default\":false},{\"name\":\"sourceOffsets\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"SourceOffsets\",\"doc\":\"Records of one partition that a result was computed from.\",\"fields\":[{\"name\":\"topic\",\"type\":\"string\",\"doc\":\"Kafka topic, with its lane.\"},{\"name\":\"partition\",\"type\":\"int\",\"doc\":\"Partition of that topic.\"},{\"name\":\"firstOffset\",\"type\":\"long\",\"doc\":\"Lowest offset that contributed, inclusive.\"},{\"name\":\"lastOffset\",\"type\":\"long\",\"doc\":\"Highest offset that contributed, inclusive.\"}]}},\"doc\":\"The records this value was computed from.\",\"default\":[]},{\"name\":\"computedAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When this revision was computed, UTC.\"},{\"name\":\"lane\",\"type\":\"string\",\"doc\":\"The lane this was computed in.\"}]}",
  rules: [],
};

/** One step in the life of an order, sent when the shop recorded it. */
export const orderEvent: EventContract<OrderEvent> = {
  name: 'OrderEvent',
  topic: 'shop.orders.v1',
  settings: {"partitions":2,"retentionMs":604800000,"cleanupPolicy":"delete","maxMessageBytes":12582912},
  keyField: 'customerId',
  key: (event) => event.customerId,
  schema: "{\"type\":\"record\",\"name\":\"OrderEvent\",\"namespace\":\"io.millrace\",\"doc\":\"One step in the life of an order, sent when the shop recorded it.\",\"fields\":[{\"name\":\"eventId\",\"type\":\"string\",\"doc\":\"Unique id of this event; a redelivery carries the same id, so every sink can drop it.\"},{\"name\":\"eventType\",\"type\":{\"type\":\"enum\",\"name\":\"OrderEventType\",\"doc\":\"PLACED: the customer committed to buy, the moment that counts as a sale; PAID: the payment succeeded; PAYMENT_DECLINED: the bank refused a payment, which may be tried again or end in CANCELLED; CANCELLED: given up before it was shipped; SHIPPED: left the warehouse; REFUNDED: money went back, totalMinor says how much; RETURNED: goods came back.\",\"symbols\":[\"PLACED\",\"PAID\",\"CANCELLED\",\"SHIPPED\",\"REFUNDED\",\"RETURNED\",\"PAYMENT_DECLINED\",\"UNKNOWN\"],\"default\":\"UNKNOWN\"},\"doc\":\"What happened to the order.\"},{\"name\":\"occurredAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When it happened in the shop, UTC, milliseconds since 1970-01-01: the event time of every window.\"},{\"name\":\"orderId\",\"type\":\"string\",\"doc\":\"The order; the same in each of its events.\"},{\"name\":\"customerId\",\"type\":\"string\",\"doc\":\"Who ordered; guests have an id of their own.\"},{\"name\":\"visitorId\",\"type\":[\"null\",\"string\"],\"doc\":\"The visitor of the clickstream who became this order.\",\"default\":null},{\"name\":\"sessionId\",\"type\":[\"null\",\"string\"],\"doc\":\"The visit in which it was placed.\",\"default\":null},{\"name\":\"country\",\"type\":[\"null\",\"string\"],\"doc\":\"Where it ships to, ISO 3166-1 alpha-2 where the source knows it.\",\"default\":null},{\"name\":\"currency\",\"type\":\"string\",\"doc\":\"ISO 4217 code of every amount in this event.\"},{\"name\":\"totalMinor\",\"type\":\"long\",\"doc\":\"Amount of this event in minor units, at least 0: the order's total, or what a refund or cancellation gives back.\"},{\"name\":\"lines\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"OrderLine\",\"doc\":\"One product of an order.\",\"fields\":[{\"name\":\"productId\",\"type\":\"string\",\"doc\":\"The product.\"},{\"name\":\"category\",\"type\":[\"null\",\"string\"],\"doc\":\"Category of the product when it was ordered.\",\"default\":null},{\"name\":\"quantity\",\"type\":\"int\",\"doc\":\"Items, at least 1; a refund or return counts the items that came back.\"},{\"name\":\"unitPriceMinor\",\"type\":\"long\",\"doc\":\"Price of one item in minor units, rounded half up where the source has finer prices.\"},{\"name\":\"amountMinor\",\"type\":\"long\",\"doc\":\"What the whole line costs in minor units, at least 0; the sum over the lines is the order's total.\"}]}},\"doc\":\"The products; may be empty where a step concerns the order as a whole.\",\"default\":[]},{\"name\":\"paymentMethod\",\"type\":[\"null\",\"string\"],\"doc\":\"card, paypal, invoice, voucher or what the source says.\",\"default\":null},{\"name\":\"reason\",\"type\":[\"null\",\"string\"],\"doc\":\"Why it was cancelled, declined, refunded or returned.\",\"default\":null},{\"name\":\"deviceId\",\"type\":[\"null\",\"string\"],\"doc\":\"Fingerprint of the device that ordered, pseudonymous; the same as in the clickstream.\",\"default\":null},{\"name\":\"ipAddress\",\"type\":[\"null\",\"string\"],\"doc\":\"Address that the order came from, IPv4 or IPv6, or a token of it.\",\"default\":null},{\"name\":\"ipCountry\",\"type\":[\"null\",\"string\"],\"doc\":\"Country of that address, ISO 3166-1 alpha-2 where the source knows it.\",\"default\":null},{\"name\":\"emailDomain\",\"type\":[\"null\",\"string\"],\"doc\":\"What stands behind the @ of the e-mail address given, in lower case.\",\"default\":null},{\"name\":\"accountCreatedAt\",\"type\":[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}],\"doc\":\"When the account was opened; null for a guest.\",\"default\":null},{\"name\":\"cardId\",\"type\":[\"null\",\"string\"],\"doc\":\"Token of the payment card that was tried last, the same for each use of the card; never a card number.\",\"default\":null},{\"name\":\"cardCountry\",\"type\":[\"null\",\"string\"],\"doc\":\"Country of the bank that issued the card, ISO 3166-1 alpha-2 where the source knows it.\",\"default\":null},{\"name\":\"cardFunding\",\"type\":[\"null\",\"string\"],\"doc\":\"credit, debit or prepaid.\",\"default\":null},{\"name\":\"billingAddressId\",\"type\":[\"null\",\"string\"],\"doc\":\"Token of the address of the bill.\",\"default\":null},{\"name\":\"billingCountry\",\"type\":[\"null\",\"string\"],\"doc\":\"Country of that address, ISO 3166-1 alpha-2 where the source knows it.\",\"default\":null},{\"name\":\"shippingAddressId\",\"type\":[\"null\",\"string\"],\"doc\":\"Token of the address it ships to; its country is `country`.\",\"default\":null},{\"name\":\"promoCode\",\"type\":[\"null\",\"string\"],\"doc\":\"Promotion code that was redeemed.\",\"default\":null},{\"name\":\"discountMinor\",\"type\":[\"null\",\"long\"],\"doc\":\"What the promotion took off in minor units; prices and totals are after it.\",\"default\":null}]}",
  rules: [{"path":["eventId"],"minLength":1},{"path":["orderId"],"minLength":1},{"path":["customerId"],"minLength":1},{"path":["visitorId"],"minLength":1},{"path":["currency"],"pattern":"^[A-Z]{3}$"},{"path":["totalMinor"],"minimum":0},{"path":["lines","[]","productId"],"minLength":1},{"path":["lines","[]","quantity"],"minimum":1},{"path":["lines","[]","unitPriceMinor"],"minimum":0},{"path":["lines","[]","amountMinor"],"minimum":0},{"path":["deviceId"],"minLength":1},{"path":["ipAddress"],"minLength":1},{"path":["cardId"],"minLength":1},{"path":["billingAddressId"],"minLength":1},{"path":["shippingAddressId"],"minLength":1},{"path":["discountMinor"],"minimum":0}],
};

/** What really happened, from the simulator. Nothing that scores or alerts may read it. */
export const truthEvent: EventContract<TruthEvent> = {
  name: 'TruthEvent',
  topic: 'sim.truth.v1',
  settings: {"partitions":2,"retentionMs":31536000000,"cleanupPolicy":"delete","maxMessageBytes":1048576},
  keyField: 'orderId',
  key: (event) => event.orderId,
  schema: "{\"type\":\"record\",\"name\":\"TruthEvent\",\"namespace\":\"io.millrace\",\"doc\":\"What really happened, from the simulator. Nothing that scores or alerts may read it.\",\"fields\":[{\"name\":\"eventId\",\"type\":\"string\",\"doc\":\"Unique id of this event; a redelivery carries the same id, so every sink can drop it.\"},{\"name\":\"eventType\",\"type\":{\"type\":\"enum\",\"name\":\"TruthType\",\"doc\":\"HONEST: a real shopper; FRAUD: a fraudster.\",\"symbols\":[\"HONEST\",\"FRAUD\",\"UNKNOWN\"],\"default\":\"UNKNOWN\"},\"doc\":\"What happened to the order.\"},{\"name\":\"occurredAt\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"doc\":\"When it happened in the shop, UTC, milliseconds since 1970-01-01: the event time of every window.\"},{\"name\":\"orderId\",\"type\":\"string\",\"doc\":\"The order.\"},{\"name\":\"scenario\",\"type\":[\"null\",\"string\"],\"doc\":\"The fraud scenario that made it.\",\"default\":null},{\"name\":\"actorId\",\"type\":[\"null\",\"string\"],\"doc\":\"Who in the simulated world did it.\",\"default\":null},{\"name\":\"amountMinor\",\"type\":[\"null\",\"long\"],\"doc\":\"The order's total in minor units.\",\"default\":null}]}",
  rules: [{"path":["eventId"],"minLength":1},{"path":["orderId"],"minLength":1},{"path":["amountMinor"],"minimum":0}],
};

/** Every contract, in the order of their names. */
export const contracts = [alertEvent, clickEvent, feedbackEvent, fraudLabelEvent, fraudScore, inventoryEvent, metricWindow, orderEvent, truthEvent] as const;
