import { localTime } from '@millrace/service-kit/local-time';
import type { SeasonalCondition } from './rule.js';
import type { Sample } from './sample.js';

/** What is usual at one time of the season; kept as JSON. */
type Slot = readonly [
  centre: number,
  samples: number,
  /** Days or weeks that these are from, and the number of the last. */
  seasons: number,
  last: number,
];

/** What a series usually does over the season, learnt from its settled windows; kept as JSON. */
export interface Season {
  readonly slots: readonly (Slot | null)[];
  /** Mean square of the distances from the centres, over all slots: heavy tails need more samples than one slot has. */
  readonly variance: number;
  /** How many that is the mean of. */
  readonly samples: number;
}

/** What is usual at a time. */
export interface Usual {
  readonly centre: number;
  readonly deviation: number;
  /** Earlier seasons that it was learnt from. */
  readonly seasons: number;
}

/** Share of a new season in the centre, and of a new window in the variance, once many are known. Chosen with e2e/nab.data-spec.ts, where neither matters much. */
const CENTRE_GAIN = 0.1;
const VARIANCE_GAIN = 0.0001;
/** A value farther away than this moves the centre as if it were just so far: no anomaly becomes usual at once. */
const TRUSTED_DEVIATIONS = 3;
/** The same for the variance. It is far out because clipping the tails makes every tail look like an anomaly. */
const COUNTED_DEVIATIONS = 20;
/** Samples of a slot that are too few to distrust one. */
const UNTAUGHT = 6;

/** Knows nothing yet. */
export function emptySeason({ periodMs, slotMs }: SeasonalCondition): Season {
  return { slots: Array.from({ length: Math.ceil(periodMs / slotMs) }, () => null), variance: 0, samples: 0 };
}

/** What is usual at the time of a window; null: nothing was learnt about it. */
export function usualAt(condition: SeasonalCondition, season: Season, start: number): Usual | null {
  const { slot, turn } = placeOf(condition, start);
  const known = season.slots[slot] ?? null;
  if (known === null) return null;
  const [centre, , seasons, last] = known;
  return { centre, deviation: Math.sqrt(season.variance), seasons: last === turn ? seasons - 1 : seasons };
}

/** Learns a window. Windows that are not complete or have no value teach nothing. */
export function learn(condition: SeasonalCondition, season: Season, { start, value, complete }: Sample): Season {
  if (value === null || !complete) return season;
  const { slot, turn } = placeOf(condition, start);
  const known = season.slots[slot] ?? null;
  if (known === null) return { ...season, slots: season.slots.with(slot, [value, 1, 1, turn]) };
  const [centre, before, seasonsBefore, last] = known;
  const deviation = before < UNTAUGHT || season.variance === 0 ? Number.POSITIVE_INFINITY : Math.sqrt(season.variance);
  const distance = value - centre;
  const samples = before + 1;
  const seasons = seasonsBefore + (last === turn ? 0 : 1);
  // A slot learns as much of a season whether it has one window in it or many.
  const gain = Math.max(1 / samples, (CENTRE_GAIN * seasons) / samples);
  const taught: Slot = [centre + gain * clip(distance, TRUSTED_DEVIATIONS * deviation), samples, seasons, turn];
  const counted = clip(distance, COUNTED_DEVIATIONS * deviation) ** 2;
  const all = season.samples + 1;
  return { slots: season.slots.with(slot, taught), variance: season.variance + Math.max(1 / all, VARIANCE_GAIN) * (counted - season.variance), samples: all };
}

/** Where in the season a time is, and in which. */
function placeOf({ periodMs, slotMs, timeZone }: SeasonalCondition, at: number): { readonly slot: number; readonly turn: number } {
  const local = localTime(timeZone, at);
  return { slot: Math.floor((local % periodMs) / slotMs), turn: Math.floor(local / periodMs) };
}

function clip(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
