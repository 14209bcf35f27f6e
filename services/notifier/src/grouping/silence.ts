import type { Labels } from '../routing/labels.js';
import { matchesAll, type Matcher } from '../routing/matcher.js';

/** Alerts that match notify nobody from its start to its end, ms. */
export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly startsAt: number;
  readonly endsAt: number;
}

/** Ids of the silences that hold for these labels at a time. */
export function silencedBy(silences: Iterable<Silence>, labels: Labels, now: number): readonly string[] {
  const found: string[] = [];
  for (const silence of silences) {
    if (silence.startsAt <= now && now < silence.endsAt && matchesAll(silence.matchers, labels)) found.push(silence.id);
  }
  return found;
}
