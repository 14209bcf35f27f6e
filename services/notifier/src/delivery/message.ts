import type { Decision } from '../grouping/alert.js';
import type { Labels } from '../routing/labels.js';
import type { Links } from './links.js';

/** Standard Webhooks asks for less than 20 kB; beyond that evidence goes first. */
const MAX_BYTES = 19_000;
const MAX_TEXT = 1_000;
/** What Go writes for no time; Alertmanager's receivers know it. */
const NO_TIME = '0001-01-01T00:00:00Z';

/** An alert as it was when the notification was made; times in ms. */
export interface NoticeAlert {
  readonly status: 'firing' | 'resolved';
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: number;
  /** Null while it fires. */
  readonly endsAt: number | null;
  readonly generatorUrl: string;
  readonly decision: Decision | null;
}

/** What a receiver is told of a group. */
export interface GroupNotice {
  readonly receiver: string;
  readonly groupKey: string;
  readonly groupLabels: Labels;
  /** When it was due, ms. */
  readonly at: number;
  /** Those that fire first. */
  readonly alerts: readonly NoticeAlert[];
  /** Alerts of the group beyond those. */
  readonly truncated: number;
}

export interface Notice extends GroupNotice {
  /** Constant over all attempts. */
  readonly id: string;
  /** True: somebody asked for a test message. */
  readonly test: boolean;
}

/** What `make` makes of it; where that fails, of as much as cannot fail, with the failure in it: a page is to arrive. */
export function madeOf<T>(notice: Notice, make: (notice: Notice) => T): T {
  try {
    return make(notice);
  } catch (error) {
    const failure = `(The message could not be made whole: ${error instanceof Error ? error.message : String(error)})`;
    const bare = ({ annotations, ...alert }: NoticeAlert): NoticeAlert => ({ ...alert, annotations: { summary: [annotations['summary'], failure].filter(Boolean).join(' ') }, decision: null });
    return make({ ...notice, alerts: notice.alerts.map(bare) });
  }
}

/** Whether any of its alerts fires. */
export function statusOf({ alerts }: Pick<GroupNotice, 'alerts'>): 'firing' | 'resolved' {
  return alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved';
}

/** What an alert is called: that of Prometheus, or our rule's name. */
export function nameOf(labels: Labels): string {
  return labels['alertname'] ?? labels['rule'] ?? 'alert';
}

/** What the alerts of a group are called. */
export function titleOf(alerts: readonly NoticeAlert[]): string {
  const names = [...new Set(alerts.map(({ labels }) => nameOf(labels)))];
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${String(names.length - 3)} more` : names.join(', ');
}

/** Labels or annotations that all of them have alike. */
export function common(all: readonly Labels[]): Labels {
  const [first = {}, ...others] = all;
  return Object.fromEntries(Object.entries(first).filter(([name, value]) => others.every((other) => other[name] === value)));
}

/**
 * Body of a webhook: Alertmanager's version 4, with `type` and `timestamp` as Standard Webhooks has them, and of our own alerts under
 * `millrace` what they rest on. Evidence is cut where it gets too long; the last window, which decided, goes last.
 */
export function webhookBody(notice: Notice, links: Links, maxAlerts = 0): string {
  const alerts = maxAlerts === 0 ? notice.alerts : notice.alerts.slice(0, maxAlerts);
  const most = Math.max(0, ...alerts.map(({ decision }) => decision?.evidence.length ?? 0));
  for (let windows = most; ; windows = Math.floor(windows / 2)) {
    const text = JSON.stringify(bodyOf(notice, alerts, links, windows));
    if (windows === 0 || Buffer.byteLength(text) <= MAX_BYTES) return text;
  }
}

function bodyOf(notice: Notice, alerts: readonly NoticeAlert[], links: Links, windows: number): unknown {
  const status = statusOf(notice);
  return {
    version: '4',
    type: notice.test ? 'alerts.test' : `alerts.${status}`,
    timestamp: iso(notice.at),
    status,
    receiver: notice.receiver,
    groupKey: cut(notice.groupKey),
    groupLabels: cutAll(notice.groupLabels),
    commonLabels: cutAll(common(alerts.map(({ labels }) => labels))),
    commonAnnotations: cutAll(common(alerts.map(({ annotations }) => annotations))),
    externalURL: links.dashboardUrl,
    truncatedAlerts: notice.truncated + notice.alerts.length - alerts.length,
    alerts: alerts.map((alert) => alertOf(alert, notice, links, windows)),
  };
}

function alertOf(alert: NoticeAlert, { receiver, test }: Notice, links: Links, windows: number): unknown {
  const { status, fingerprint, labels, annotations, startsAt, endsAt, generatorUrl, decision } = alert;
  const url = links.alert(alert);
  const answerUrl = test ? null : links.answering(alert, receiver);
  const shown = windows === 0 ? [] : (decision?.evidence.slice(-windows) ?? []);
  const millrace = decision === null ? {} : {
    millrace: {
      value: decision.value,
      threshold: decision.threshold,
      evidence: shown.map((window) => ({ ...window, windowStart: iso(window.windowStart), windowEnd: iso(window.windowEnd) })),
      evidenceOmitted: decision.evidence.length - shown.length,
      url,
      ...(answerUrl === null ? {} : { answerUrl }),
    },
  };
  return {
    status, labels: cutAll(labels), annotations: cutAll(annotations), startsAt: iso(startsAt), endsAt: endsAt === null ? NO_TIME : iso(endsAt),
    generatorURL: generatorUrl === '' ? url : generatorUrl, fingerprint, ...millrace,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

function cutAll(texts: Labels): Labels {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, cut(text)]));
}
