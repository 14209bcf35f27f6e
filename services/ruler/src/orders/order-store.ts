import type { AlertEvent } from '@millrace/contracts';
import type { Announced } from '../announcement.js';
import type { Group, OrderRule } from './order-rule.js';
import type { OrderScore } from './order-score.js';

/** Names what a rule knows of a group of orders. */
export interface GroupId {
  readonly rule: string;
  /** {@link Group.key} */
  readonly key: string;
}

/** An order that a rule counts, or no longer counts. */
export interface CountedOrder {
  readonly rule: OrderRule;
  readonly group: Group;
  readonly isMatch: boolean;
  readonly order: OrderScore;
}

/** What is stored of an order that a rule counts, or counted. */
export interface KnownOrder extends GroupId {
  readonly orderId: string;
  readonly revision: number;
}

export interface StoredGroup extends GroupId, Pick<Group, 'dimensions'> {
  readonly announced: readonly Announced[];
  /** Of the matching orders, ascending, ms. */
  readonly times: readonly number[];
}

export interface DecidedGroup extends GroupId {
  readonly announced: readonly Announced[];
  /** Event time, ms, at which the alert that fires ends; null: none does. */
  readonly endsAt: number | null;
}

/** Orders of a group with event times after `after` up to `until`, ms. */
export interface EvidenceWanted extends GroupId {
  readonly after: number;
  readonly until: number;
  /** Also those that no longer match. */
  readonly withCorrected: boolean;
}

/** Sees and changes what rules about orders know, in the ruler's transaction. Throws `StoreError`s. */
export interface OrderTransaction {
  /** Newest event time read, ms, by partition. */
  clock(): Promise<ReadonlyMap<number, number>>;
  advanceClock(partition: number, newest: number): Promise<void>;
  known(rules: readonly string[], orderIds: readonly string[]): Promise<readonly KnownOrder[]>;
  put(orders: readonly CountedOrder[]): Promise<void>;
  /** These groups, and those whose alert ends by the event time. */
  groups(ids: readonly GroupId[], eventTime: number | null): Promise<readonly StoredGroup[]>;
  /** Alerts that fire, by rule. */
  firing(): Promise<ReadonlyMap<string, number>>;
  /** In the order asked for; of each the newest, oldest first. */
  evidence(wanted: readonly EvidenceWanted[]): Promise<readonly AlertEvent['evidence'][]>;
  saveGroups(groups: readonly DecidedGroup[]): Promise<void>;
  /** Forgets the orders of these rules up to these event times, and what nobody needs without them. */
  forget(upTo: ReadonlyMap<string, number>): Promise<void>;
}
