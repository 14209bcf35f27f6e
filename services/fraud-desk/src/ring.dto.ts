import type { KINDS, Ring, RingReport } from './ring.schema.js';

/** What was looked at, and how much was found. */
export type RingReportDto = Omit<RingReport, 'rings'>;

/** A ring as lists show it. Times are ms, money is minor units. */
export interface RingSummaryDto extends Omit<Ring, 'customers' | 'things' | 'links' | 'linkCount'> {
  readonly customers: number;
  readonly things: Readonly<Record<(typeof KINDS)[number], { readonly count: number; readonly shared: number }>>;
}

export interface RingsDto {
  readonly lane: string;
  /** Null before the first report. */
  readonly report: RingReportDto | null;
  /** The most suspicious first. */
  readonly rings: readonly RingSummaryDto[];
}

export interface RingDto {
  readonly lane: string;
  readonly madeAt: number;
  readonly ring: Ring;
}

/** The ring that a customer is in. */
export interface RingOfCustomerDto {
  readonly id: string;
  readonly rank: number;
  readonly customers: number;
  readonly orders: number;
  readonly frauds: number;
  readonly madeAt: number;
}

export interface StoredReportDto {
  readonly lane: string;
  readonly madeAt: number;
  readonly rings: number;
}
