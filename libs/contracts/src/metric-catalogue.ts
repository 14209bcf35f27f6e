/** A metric as `metrics/catalogue.json` declares it. */
export interface MetricDefinition {
  readonly name: string;
  /** What a value counts; `minor` is money in minor units, `ratio` is 0 to 1 or more. */
  readonly unit: string;
  readonly title: string;
  readonly doc: string;
  /** Topics, without lane, that it is computed from. */
  readonly sources: readonly string[];
  readonly windows: readonly WindowName[];
  /** Each set of dimension names it is computed for. */
  readonly dimensions: readonly (readonly string[])[];
}

export type WindowName = '1m' | '10m' | '1h' | '1d' | '1mo';

export interface WindowDefinition {
  readonly title: string;
  /** Absent where the length depends on the calendar. */
  readonly lengthMs?: number;
  /** Absent for tumbling windows. */
  readonly slideMs?: number;
}
