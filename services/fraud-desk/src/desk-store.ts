import type { ScoredOrder } from './scored-order.js';

export const DESK_STORE = Symbol('DESK_STORE');

export type LabelKind = 'CHARGEBACK' | 'VERDICT' | 'ALERT_OUTCOME';

/** What somebody says an order was. Times in ms. */
export interface Label {
  readonly eventId: string;
  readonly orderId: string;
  readonly kind: LabelKind;
  readonly fraud: boolean;
  readonly occurredAt: number;
  readonly decidedBy: string | null;
}

/** What an order of the simulator was. */
export interface Truth {
  readonly orderId: string;
  readonly fraud: boolean;
  readonly scenario: string | null;
  readonly occurredAt: number;
}

/** Scores, labels and truth by order, in whatever order they come and however often. All methods throw `StoreUnavailableError`. */
export interface DeskStore {
  /** Keeps of each order the highest revision, of equal ones the one written first. Returns how many orders changed. */
  writeScores(scores: readonly ScoredOrder[]): Promise<number>;
  /** Keeps each event once. Returns how many were new. */
  writeLabels(labels: readonly Label[]): Promise<number>;
  /** Keeps of each order what came first. Returns how many were new. */
  writeTruth(truths: readonly Truth[]): Promise<number>;
}
