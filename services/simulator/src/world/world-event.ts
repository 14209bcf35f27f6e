import {
  clickEvent,
  feedbackEvent,
  fraudLabelEvent,
  inventoryEvent,
  orderEvent,
  truthEvent,
  type ClickEvent,
  type FeedbackEvent,
  type FraudLabelEvent,
  type InventoryEvent,
  type OrderEvent,
  type TruthEvent,
} from '@millrace/contracts';

/** The topics that the simulator writes, by the name its settings and its ledger use. */
export const STREAMS = { clickstream: clickEvent, orders: orderEvent, inventory: inventoryEvent, feedback: feedbackEvent, labels: fraudLabelEvent, truth: truthEvent } as const;

export type StreamName = keyof typeof STREAMS;
export const STREAM_NAMES: readonly StreamName[] = ['clickstream', 'orders', 'inventory', 'feedback', 'labels', 'truth'];

/** One thing that happened in the world, and the stream it belongs to. */
export type WorldEvent =
  | { readonly stream: 'clickstream'; readonly event: ClickEvent }
  | { readonly stream: 'orders'; readonly event: OrderEvent }
  | { readonly stream: 'inventory'; readonly event: InventoryEvent }
  | { readonly stream: 'feedback'; readonly event: FeedbackEvent }
  | { readonly stream: 'labels'; readonly event: FraudLabelEvent }
  | { readonly stream: 'truth'; readonly event: TruthEvent };
