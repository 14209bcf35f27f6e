import type { AlertEvent } from '@millrace/contracts';

/** Standard Webhooks asks for less than 20 kB. */
const MAX_BYTES = 19_000;
const MAX_TEXT = 1_000;

/** What a receiver is told about: an alert's state change, or a try-out. */
export interface Notice {
  /** Constant over all attempts. */
  readonly id: string;
  readonly alert: AlertEvent;
  /** True: somebody asked for a test message. */
  readonly test: boolean;
}

/** Page of the dashboard that shows the alert. */
export function alertLink(dashboardUrl: string, alert: AlertEvent): string {
  const url = new URL(dashboardUrl);
  url.searchParams.set('alert', alert.fingerprint);
  url.searchParams.set('startsAt', String(alert.startsAt));
  return url.href;
}

/** Body of a webhook: `type`, `timestamp` and `data` as Standard Webhooks has them; times are RFC 3339. Evidence is cut where it gets too long. */
export function webhookBody({ alert, test }: Notice, dashboardUrl: string): string {
  const evidence = alert.evidence.map((window) => ({ ...window, windowStart: iso(window.windowStart), windowEnd: iso(window.windowEnd) }));
  const body = (shown: typeof evidence): string =>
    JSON.stringify({
      type: test ? 'alert.test' : alert.status === 'RESOLVED' ? 'alert.resolved' : 'alert.firing',
      timestamp: iso(alert.occurredAt),
      data: {
        ...alert,
        labels: cut(alert.labels),
        annotations: cut(alert.annotations),
        startsAt: iso(alert.startsAt),
        endsAt: alert.endsAt === null ? null : iso(alert.endsAt),
        occurredAt: iso(alert.occurredAt),
        evidence: shown,
        evidenceOmitted: evidence.length - shown.length,
        url: alertLink(dashboardUrl, alert),
      },
    });
  let shown = evidence;
  let text = body(shown);
  while (Buffer.byteLength(text) > MAX_BYTES && shown.length > 0) {
    // The last window decided it: the first go first.
    shown = shown.slice(Math.ceil(shown.length / 2));
    text = body(shown);
  }
  return text;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function cut(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text]));
}
