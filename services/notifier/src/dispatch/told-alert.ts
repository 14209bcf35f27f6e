import type { AlertEvent } from '@millrace/contracts';
import type { RecordPosition } from '@millrace/kafka';
import type { Alert } from '../grouping/alert.js';
import type { Labels } from '../routing/labels.js';

/** An alert as somebody told it, and where it lay; null: it came by HTTP. */
export interface ToldAlert {
  /** Unique: the same one again is no news. */
  readonly eventId: string;
  readonly alert: Alert;
  readonly position: RecordPosition | null;
}

/** An alert in JSON: `endsAt` is null where only somebody's word ends it. */
export type StoredAlert = Omit<Alert, 'endsAt'> & { readonly endsAt: number | null };

export function stored(alert: Alert): StoredAlert {
  return { ...alert, endsAt: Number.isFinite(alert.endsAt) ? alert.endsAt : null };
}

export function restored(alert: StoredAlert): Alert {
  return { ...alert, endsAt: alert.endsAt ?? Number.POSITIVE_INFINITY };
}

/**
 * What the ruler decided. It has its name as `alertname`, as routes know alerts, and goes on until the ruler ends it: it is told once.
 * Event time ahead of the clock counts as now, or what is over would fire until then.
 */
export function ofRuler(event: AlertEvent, position: RecordPosition, now: number): ToldAlert {
  const startsAt = Math.min(event.startsAt, now);
  const endsAt = event.status === 'RESOLVED' ? Math.max(startsAt, Math.min(event.endsAt ?? now, now)) : Number.POSITIVE_INFINITY;
  const alert = {
    fingerprint: event.fingerprint,
    labels: writable({ alertname: event.rule, ...event.labels }),
    annotations: writable(event.annotations),
    startsAt,
    firstStartsAt: startsAt,
    endsAt,
    isTimeout: false,
    updatedAt: now,
    generatorUrl: '',
    decision: { value: event.value, threshold: event.threshold, evidence: event.evidence },
  };
  return { eventId: event.eventId, alert, position };
}

/** PostgreSQL's text takes no NUL, and no half of a pair of UTF-16. */
function writable(texts: Labels): Labels {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [clean(name), clean(text)]));
}

function clean(text: string): string {
  return Buffer.from(text.replaceAll('\u0000', '')).toString();
}
