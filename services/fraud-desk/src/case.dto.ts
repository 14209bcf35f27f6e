import type { FraudScore } from '@millrace/contracts';
import type { LabelKind } from './desk-store.js';
import type { RingOfCustomerDto } from './ring.dto.js';
import type { Decision } from './scored-order.js';

/** An order and its score, as lists show it. Times are RFC 3339, money is minor units. */
export interface CaseDto {
  readonly orderId: string;
  readonly customerId: string;
  readonly score: number;
  readonly modelScore: number | null;
  readonly decision: Decision;
  readonly rulesHit: readonly string[];
  readonly totalMinor: number | null;
  readonly currency: string | null;
  readonly occurredAt: string;
  readonly scoredAt: string;
  readonly revision: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly degraded: boolean;
  /** What the labels say together; null where there is none. `at` and `kind` are those of the first that says fraud. */
  readonly label: { readonly fraud: boolean; readonly at: string | null; readonly kind: LabelKind | null } | null;
  /** Only where it was asked for; null where the order has none. */
  readonly truth?: { readonly fraud: boolean; readonly scenario: string | null } | null;
}

export interface LabelDto {
  readonly eventId: string;
  readonly kind: LabelKind;
  readonly fraud: boolean;
  readonly occurredAt: string;
  readonly decidedBy: string | null;
  readonly note: string | null;
}

export interface CasesDto {
  readonly lane: string;
  readonly cases: readonly CaseDto[];
  /** Gives the next page; null where this is the last. */
  readonly next: string | null;
}

/** Everything there is to one order. */
export interface CaseDetailDto {
  readonly lane: string;
  readonly case: CaseDto;
  /** Where the score lies. */
  readonly record: { readonly topic: string; readonly partition: number; readonly offset: number };
  /** The score whole, as it was published; null where it cannot be had, and then `scoreMissing` says why. */
  readonly score: FraudScore | null;
  /** `expired`: Kafka's retention took the record. `unavailable`: Kafka or the registry does not answer now. */
  readonly scoreMissing: 'expired' | 'unavailable' | null;
  /** Oldest first. */
  readonly labels: readonly LabelDto[];
  /** The ring of the latest report that names the customer; null where none does. */
  readonly ring: RingOfCustomerDto | null;
}

export interface VerdictDto {
  readonly eventId: string;
  readonly orderId: string;
  readonly fraud: boolean;
  readonly decidedBy: string;
  readonly occurredAt: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}
