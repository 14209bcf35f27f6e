/* What the fraud desk answers under /api/fraud, as far as the page shows it. Times of a report are ms, all others RFC 3339; money is minor units. */

export type Basis = 'oracle' | 'observed' | 'labelled';
export type Decision = 'ALLOW' | 'REVIEW' | 'DECLINE';

export interface Money {
  readonly currency: string;
  readonly caughtMinor: number;
  readonly missedMinor: number;
  readonly wronglyStoppedMinor: number;
}

export interface CalibrationBin {
  readonly bin: number;
  readonly orders: number;
  readonly meanScore: number;
  readonly fraudShare: number;
}

export interface Quality {
  readonly orders: number;
  readonly caught: number;
  readonly missed: number;
  readonly wronglyStopped: number;
  readonly passed: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly falsePositiveRate: number | null;
  readonly averagePrecision: number | null;
  readonly detectionSeconds: { readonly mean: number; readonly median: number } | null;
  readonly money: readonly Money[];
  readonly scenarios: readonly { readonly scenario: string; readonly orders: number; readonly caught: number; readonly recall: number | null; readonly money: readonly Money[] }[];
  readonly calibration: readonly CalibrationBin[];
}

export interface WindowReport {
  readonly window: '24h' | '7d' | '30d';
  readonly decisions: Readonly<Record<Decision, number>>;
  readonly unscored: { readonly orders: number; readonly fraud: number };
  readonly quality: Readonly<Record<Basis, Quality | null>>;
}

export interface Drift {
  readonly modelVersion: string;
  readonly reference: { readonly scores: number; readonly needed: number };
  readonly current: { readonly scores: number; readonly needed: number };
  readonly features: readonly { readonly feature: string; readonly psi: number }[];
}

export interface QualityAnswer {
  readonly lane: string;
  readonly labelDelayMs: number;
  readonly report: { readonly computedAt: number; readonly asOf: number; readonly windows: readonly WindowReport[]; readonly drift: Drift } | null;
}

export interface Case {
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
  readonly label: { readonly fraud: boolean; readonly kind: string | null } | null;
  readonly truth?: { readonly fraud: boolean; readonly scenario: string | null } | null;
}

export interface Label {
  readonly eventId: string;
  readonly kind: string;
  readonly fraud: boolean;
  readonly occurredAt: string;
  readonly decidedBy: string | null;
  readonly note: string | null;
}

/** The score as it was published, as far as the page shows it. */
export interface WholeScore {
  readonly contributions: Readonly<Record<string, number | null>>;
  readonly features: Readonly<Record<string, number | null>>;
  readonly reasons: readonly { readonly kind: string; readonly name: string; readonly text: string; readonly value: number | null; readonly weight: number }[];
  readonly linked: readonly { readonly kind: string; readonly id: string; readonly orders: number; readonly customers: number; readonly frauds: number }[];
  readonly evidence: readonly { readonly topic: string; readonly partition: number; readonly firstOffset: number; readonly lastOffset: number }[];
  readonly shadows: readonly { readonly name: string; readonly version: string; readonly score: number; readonly decision: string }[];
}

export interface CaseDetail {
  readonly case: Case;
  readonly record: { readonly topic: string; readonly partition: number; readonly offset: number };
  readonly score: WholeScore | null;
  readonly scoreMissing: 'expired' | 'unavailable' | null;
  readonly labels: readonly Label[];
  readonly ring: { readonly id: string; readonly rank: number; readonly customers: number; readonly orders: number; readonly frauds: number } | null;
}

export type RingKind = 'card' | 'device' | 'address';
export interface Amount {
  readonly currency: string;
  readonly minor: number;
}

/** What was looked at for rings. */
export interface RingReport {
  readonly madeAt: number;
  readonly since: number;
  readonly until: number;
  readonly minCustomers: number;
  readonly mostShared: number;
  readonly orders: number;
  readonly found: number;
  readonly hubs: Readonly<Record<RingKind, number>>;
}

export interface RingSummary {
  readonly id: string;
  readonly rank: number;
  readonly orders: number;
  readonly frauds: number;
  readonly lastAt: number;
  readonly amounts: readonly Amount[];
  readonly customers: number;
  readonly things: Readonly<Record<RingKind, { readonly shared: number }>>;
}

export interface RingsAnswer {
  readonly report: RingReport | null;
  readonly rings: readonly RingSummary[];
}

/** A ring with who and what is in it; `links` point into the lists of ids. */
export interface Ring extends Omit<RingSummary, 'customers' | 'things'> {
  readonly sharing: number;
  readonly firstAt: number;
  readonly customers: { readonly count: number; readonly ids: readonly { readonly id: string; readonly orders: number; readonly frauds: number }[] };
  readonly things: Readonly<Record<RingKind, { readonly shared: number; readonly ids: readonly { readonly id: string; readonly customers: number; readonly orders: number }[] }>>;
  readonly links: readonly { readonly customer: number; readonly kind: RingKind; readonly thing: number; readonly orders: number }[];
}

export interface RingAnswer {
  readonly ring: Ring;
}
