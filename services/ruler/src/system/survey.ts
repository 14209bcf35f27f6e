import { metricKey, type SourceOffsets } from '@millrace/contracts';
import type { Setting, StoredSeries } from '../evaluation.js';
import type { JudgedWindow } from '../sample.js';

const MINUTE_MS = 60_000;

interface Series {
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** A value of a system metric as it is now, in the metric's unit. */
export interface Reading extends Series {
  readonly value: number;
  /** Records, or batches, behind the value. */
  readonly count: number;
  readonly offsets: readonly SourceOffsets[];
}

/** What one look at the system found. */
export interface Survey {
  readonly readings: readonly Reading[];
  /** Whether it speaks for a series: one that it speaks for and did not find has no value now. */
  covers(series: Series): boolean;
}

/**
 * A survey as windows of the present minute, each look a revision of it, so that they are judged as every other metric is. Of the `known`
 * series those that have lost their value are among them, without one.
 */
export function windowsOf(survey: Survey, known: readonly StoredSeries[], { lane, now }: Setting): JudgedWindow[] {
  const windowStart = now - (now % MINUTE_MS);
  const common = { window: '1m', windowStart, windowEnd: windowStart + MINUTE_MS, items: [], revision: now, watermark: null, final: false, computedAt: now, lane };
  const windows = new Map<string, JudgedWindow>();
  for (const { metric, metricKey: key, state: { dimensions, samples } } of known) {
    const had = samples.at(-1)?.value ?? null;
    if (had !== null && survey.covers({ metric, dimensions })) windows.set(key, { ...common, metric, dimensions, metricKey: key, value: null, count: 0, sourceOffsets: [] });
  }
  for (const { metric, dimensions, value, count, offsets } of survey.readings) {
    const key = metricKey(metric, dimensions);
    windows.set(key, { ...common, metric, dimensions, metricKey: key, value, count, sourceOffsets: [...offsets] });
  }
  return [...windows.values()];
}
