import type { AlertEvidence } from '@millrace/contracts';
import type { Labels } from '../routing/labels.js';

/** An alert as the notifier holds it; times in ms. */
export interface Alert {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: number;
  /** `startsAt` as it was told first: with the fingerprint it names this outage for good. */
  readonly firstStartsAt: number;
  /** When it ended, or will be taken for ended; Infinity: only when somebody says so. */
  readonly endsAt: number;
  /** `endsAt` was not told: nobody had told it again by then. */
  readonly isTimeout: boolean;
  readonly updatedAt: number;
  /** What Prometheus links to; empty: nothing. */
  readonly generatorUrl: string;
  /** What our own ruler says of its decision; null: it came from elsewhere. */
  readonly decision: Decision | null;
}

/** What an alert of the ruler rests on. */
export interface Decision {
  readonly value: number | null;
  readonly threshold: number | null;
  readonly evidence: readonly AlertEvidence[];
}

/** Names an outage. */
export function outageOf({ fingerprint, firstStartsAt }: Pick<Alert, 'fingerprint' | 'firstStartsAt'>): string {
  return `${fingerprint} ${String(firstStartsAt)}`;
}

export function isResolved(alert: Pick<Alert, 'endsAt'>, now: number): boolean {
  return alert.endsAt <= now;
}

/** Whether the two are one outage told twice. */
function overlaps(held: Alert, told: Alert): boolean {
  return (told.endsAt > held.startsAt && told.endsAt < held.endsAt) || (told.startsAt > held.startsAt && told.startsAt < held.endsAt);
}

/** What is known of an alert once it is told again: one, where the two overlap; else the later one. As Alertmanager merges. */
export function merged(held: Alert | undefined, told: Alert): Alert {
  if (held === undefined || !overlaps(held, told)) return told;
  const [older, newer] = told.updatedAt < held.updatedAt ? [told, held] : [held, told];
  return { ...newer, firstStartsAt: held.firstStartsAt, startsAt: Math.min(older.startsAt, newer.startsAt), endsAt: endOf(older, newer) };
}

/** Which end counts: of two that are over the later one; else one that was told, if it is later. */
function endOf(older: Alert, newer: Alert): number {
  const now = newer.updatedAt;
  const counts = isResolved(newer, now) ? isResolved(older, now) : !older.isTimeout;
  return counts ? Math.max(older.endsAt, newer.endsAt) : newer.endsAt;
}
