import type { Direction } from './rule.js';
import type { Sample } from './sample.js';
import type { Season } from './season.js';

/** What one window says about an alert, with the value and the limit it was compared with. */
export interface Verdict {
  readonly holds: 'yes' | 'no' | 'unknown';
  readonly value: number | null;
  readonly threshold: number | null;
}

/** Where a judgement happens: the samples of the series in time order, the one judged, and what the alert is about. */
export interface Place {
  readonly samples: readonly Sample[];
  readonly index: number;
  /** Product of a ranking; empty: the series itself. */
  readonly subject: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What was learnt from the samples before; null: the rule has no season. */
  readonly season: Season | null;
}

export const UNKNOWN: Verdict = { holds: 'unknown', value: null, threshold: null };

/** What a value is expected to be, and how far it may be from that. */
export interface Expectation {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Judges a value that is expected within limits. */
export function outside(expected: Expectation, direction: Direction, value: number): Verdict {
  const up = direction !== 'down' && value > expected.high;
  const down = direction !== 'up' && value < expected.low;
  const upward = direction === 'up' || (direction === 'both' && value >= expected.value);
  return { holds: up || down ? 'yes' : 'no', value, threshold: upward ? expected.high : expected.low };
}
