import type { MetricWindow, SourceOffsets } from '@millrace/contracts';

/** One window of a series, as far as a rule needs it; kept as JSON. Times are event time, ms. */
export interface Sample {
  readonly start: number;
  readonly end: number;
  /** -1: made up for a window that had no events. */
  readonly revision: number;
  /** Null: no events, and the metric has no value without. */
  readonly value: number | null;
  readonly count: number;
  /** No more events are expected. */
  readonly complete: boolean;
  readonly items: Readonly<Record<string, number>>;
  /** The ranking names everything that the value counts. */
  readonly itemsComplete: boolean;
  readonly offsets: readonly SourceOffsets[];
}

/** A window as it is judged: what the ruler looks at itself may have no value at a time. */
export type JudgedWindow = Omit<MetricWindow, 'value'> & { readonly value: number | null };

/** Revision of a sample that stands for a window without events. */
export const SILENT = -1;

export function sampleOf(window: JudgedWindow, withItems: boolean): Sample {
  return {
    start: window.windowStart,
    end: window.windowEnd,
    revision: window.revision,
    value: window.value,
    count: window.count,
    complete: window.final || (window.watermark !== null && window.watermark >= window.windowEnd),
    items: withItems ? Object.fromEntries(window.items.map(({ key, value }) => [key, value])) : {},
    itemsComplete: window.items.length >= (window.value ?? 0),
    offsets: window.sourceOffsets,
  };
}

/** A sample that only serves as baseline from now on. */
export function asContext(sample: Sample): Sample {
  return { ...sample, items: {}, offsets: [] };
}
