/** One measured figure. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Against `ratioTo`, measured in the same run. */
  readonly ratio?: number;
  readonly ratioTo?: string;
  /** What performance.md or the issue asks for, in words. */
  readonly aim?: string;
}

export interface Bench {
  readonly title: string;
  run(report: (line: string) => void): Promise<readonly BenchRow[]>;
}

/** The value at quantile q (0 to 1) by the nearest rank; NaN for an empty sample. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}
