import { metricKey } from '@millrace/contracts';
import type { CelCondition, OrderInput } from '../cel-condition.js';

/** What an alert about orders is about: each order, each customer, or with neither all of them together. */
export type OrderLabel = 'order' | 'customer';

/** A rule about scored orders after validation, with every default filled in. Fires while enough orders match. */
export interface OrderRule {
  readonly kind: 'order';
  readonly name: string;
  readonly when: CelCondition<OrderInput>;
  readonly by: readonly OrderLabel[];
  /** So many matching orders. */
  readonly atLeast: number;
  /** Within so much event time, ms. */
  readonly withinMs: number;
  /** Alerts that fire at a time; the others are held back. */
  readonly maxFiring: number;
  readonly severity: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Orders that a rule of one shape counted are no use to a rule of another. */
export function orderShapeOf({ by, atLeast, withinMs, when }: OrderRule): string {
  return `${atLeast} in ${withinMs} by ${by.join(',')} when ${when.expression}`;
}

export interface Group {
  readonly key: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** The alert that an order counts for. */
export function groupOf({ by }: Pick<OrderRule, 'by'>, order: { readonly orderId: string; readonly customerId: string }): Group {
  const dimensions = Object.fromEntries(by.map((label) => [label, label === 'order' ? order.orderId : order.customerId]));
  return { key: scoreKey(dimensions), dimensions };
}

/** Names scores as a metric key names windows. */
export function scoreKey(dimensions: Readonly<Record<string, string>>): string {
  return metricKey('fraud_score', dimensions);
}
