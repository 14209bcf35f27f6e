import type { MetricItem, MetricWindow } from '@millrace/contracts';

/** One window of a metric as it is shown; money in minor units, times in ms since 1970. */
export interface MetricPoint {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly value: number;
  readonly count: number;
  readonly items: readonly MetricItem[];
  readonly revision: number;
  readonly watermark: number | null;
  readonly final: boolean;
  readonly computedAt: number;
}

/** A point and what it is a point of. */
export interface MetricReading extends MetricPoint {
  readonly metricKey: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly window: string;
}

/** A metric in one length of window, for every set of dimensions. */
export interface MetricSelection {
  readonly metric: string;
  readonly window: string;
}

/** One line of a chart. */
export interface SeriesSelection {
  readonly metricKey: string;
  readonly window: string;
  /** Earliest start of a window, ms, inclusive. */
  readonly from: number;
  /** Latest start of a window, ms, exclusive. */
  readonly to: number;
  /** Most points; the newest are kept. @default 10000 */
  readonly limit?: number;
}

/** What became of the windows that were written. */
export interface WriteOutcome {
  /** New, or of a higher revision than the one held. */
  readonly applied: number;
  /** Of a revision not higher than the one held: nothing changed. */
  readonly stale: number;
  /** Older than what the store keeps of that metric. */
  readonly expired: number;
}

/** The newest windows, fast. Loses everything now and then: `MetricHistory` is the truth. All methods throw `StoreUnavailableError`. */
export interface MetricCache {
  /** Keeps the highest revision of each window, whatever the order and the number of writers, and tells the subscribers. */
  write(lane: string, windows: readonly MetricWindow[]): Promise<WriteOutcome>;
  /** As `write`, from history: repairs what is missing and tells nobody. */
  restore(lane: string, windows: readonly MetricWindow[]): Promise<WriteOutcome>;
  /** The newest window of every set of dimensions, for each selection; one round trip. */
  latest(lane: string, selections: readonly MetricSelection[]): Promise<MetricReading[]>;
  /** Points in order of time; one round trip for all selections. */
  series(lane: string, selections: readonly SeriesSelection[]): Promise<MetricPoint[][]>;
  /** Calls `listener` with windows as they are applied. `onGap`: some may have been missed, read again. Returns a function that ends it. */
  subscribe(lane: string, listener: (readings: readonly MetricReading[]) => void, onGap?: () => void): Promise<() => Promise<void>>;
  /** False from the moment it lost data until it is rebuilt: what it shows is incomplete, read history. */
  isComplete(lane: string): Promise<boolean>;
  /** Removes the metrics of the lane. */
  removeLane(lane: string): Promise<void>;
}

/** Every window there ever was. All methods throw `StoreUnavailableError`. */
export interface MetricHistory {
  /** Keeps the highest revision of each window. */
  write(lane: string, windows: readonly MetricWindow[]): Promise<WriteOutcome>;
  latest(lane: string, selections: readonly MetricSelection[]): Promise<MetricReading[]>;
  /** Points in order of time, per selection. */
  series(lane: string, selections: readonly SeriesSelection[]): Promise<MetricPoint[][]>;
  /** One window with the records it was computed from, or null. */
  find(lane: string, metricKey: string, window: string, windowStart: number): Promise<MetricWindow | null>;
  /** In chunks, of each metric key the windows that start later than its newest minus `bounds[window]` ms. */
  recent(lane: string, bounds: Readonly<Record<string, number>>): AsyncIterable<readonly MetricWindow[]>;
  /** Removes the metrics of the lane. */
  removeLane(lane: string): Promise<void>;
}
