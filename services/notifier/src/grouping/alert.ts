import type { Labels } from '../routing/labels.js';

/** An alert as the notifier holds it; times in ms. */
export interface Alert {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: number;
  /** When it ended, or will be taken for ended. */
  readonly endsAt: number;
  /** `endsAt` was not told: nobody had told it again by then. */
  readonly isTimeout: boolean;
  readonly updatedAt: number;
}

export function isResolved(alert: Pick<Alert, 'endsAt'>, now: number): boolean {
  return alert.endsAt <= now;
}

/** What is known of an alert once it is told again: one, where the two overlap; else the later one. As Alertmanager merges. */
export function merged(held: Alert | undefined, told: Alert): Alert {
  if (held === undefined) return told;
  const overlaps = (told.endsAt > held.startsAt && told.endsAt < held.endsAt) || (told.startsAt > held.startsAt && told.startsAt < held.endsAt);
  if (!overlaps) return told;
  const [older, newer] = told.updatedAt < held.updatedAt ? [told, held] : [held, told];
  return { ...newer, startsAt: Math.min(older.startsAt, newer.startsAt), endsAt: endOf(older, newer) };
}

/** Which end counts: of two that are over the later one; else one that was told, if it is later. */
function endOf(older: Alert, newer: Alert): number {
  const now = newer.updatedAt;
  const counts = isResolved(newer, now) ? isResolved(older, now) : !older.isTimeout;
  return counts ? Math.max(older.endsAt, newer.endsAt) : newer.endsAt;
}
