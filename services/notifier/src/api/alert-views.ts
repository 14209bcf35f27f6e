import { isResolved, type Alert } from '../grouping/alert.js';
import { silencedBy, type Silence } from '../grouping/silence.js';
import type { AlertmanagerConfig } from '../routing/alertmanager-config.js';
import { Inhibitions } from '../routing/inhibition.js';
import { labelsText, type Labels } from '../routing/labels.js';
import { matchesAll, type Matcher } from '../routing/matcher.js';
import { mutedBy } from '../routing/muting.js';
import { groupKey, groupLabels, routesOf, type Route } from '../routing/route.js';

/** `gettableAlert` of Alertmanager's API. */
export interface AlertView {
  readonly annotations: Labels;
  readonly endsAt: string;
  readonly fingerprint: string;
  readonly receivers: readonly { readonly name: string }[];
  readonly startsAt: string;
  readonly status: { readonly state: 'active' | 'suppressed'; readonly silencedBy: readonly string[]; readonly inhibitedBy: readonly string[]; readonly mutedBy: readonly string[] };
  readonly updatedAt: string;
  readonly generatorURL: string;
  readonly labels: Labels;
}

export interface GroupView {
  readonly labels: Labels;
  readonly receiver: { readonly name: string };
  readonly alerts: readonly AlertView[];
}

export interface ViewFilter {
  readonly active: boolean;
  readonly silenced: boolean;
  readonly inhibited: boolean;
  readonly matchers: readonly Matcher[];
  /** Anchored expression on the receivers' names. */
  readonly receiver: { readonly test: (name: string) => boolean } | null;
}

/** No end: what is told until the ruler ends it. JSON needs one. */
const NO_END = '9999-12-31T23:59:59.999Z';

/** What fires now, and what holds it back: the same answer from every process. */
export class AlertViews {
  readonly #firing: readonly Alert[];
  readonly #inhibitions: Inhibitions;

  constructor(
    private readonly config: AlertmanagerConfig,
    held: readonly Alert[],
    private readonly silences: readonly Silence[],
    private readonly now: number,
  ) {
    this.#firing = held.filter((alert) => !isResolved(alert, now));
    this.#inhibitions = new Inhibitions(config.inhibitRules);
    for (const alert of this.#firing) this.#inhibitions.add(alert);
  }

  /** By fingerprint. */
  alerts(filter: ViewFilter): readonly AlertView[] {
    return this.#chosen(filter).map(({ view }) => view).sort((left, right) => (left.fingerprint < right.fingerprint ? -1 : 1));
  }

  /** By receiver, then labels. */
  groups(filter: ViewFilter): readonly GroupView[] {
    const groups = new Map<string, { readonly labels: Labels; readonly receiver: { readonly name: string }; readonly alerts: AlertView[] }>();
    for (const { alert, routes } of this.#chosen(filter)) {
      for (const route of routes) {
        if (filter.receiver !== null && !filter.receiver.test(route.receiver)) continue;
        const labels = groupLabels(route, alert.labels);
        const key = `${route.receiver}\n${labelsText(labels)}\n${route.id}${groupKey(route, labels)}`;
        const group = groups.get(key) ?? { labels, receiver: { name: route.receiver }, alerts: [] };
        groups.set(key, group);
        group.alerts.push(this.#view(alert, routes, route));
      }
    }
    return [...groups].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, group]) => group);
  }

  #chosen({ active, silenced, inhibited, matchers, receiver }: ViewFilter): readonly { readonly alert: Alert; readonly routes: readonly Route[]; readonly view: AlertView }[] {
    return this.#firing.flatMap((alert) => {
      if (!matchesAll(matchers, alert.labels)) return [];
      const routes = routesOf(this.config.route, alert.labels);
      if (receiver !== null && !routes.some((route) => receiver.test(route.receiver))) return [];
      const view = this.#view(alert, routes);
      const { state, silencedBy: by, inhibitedBy } = view.status;
      if ((!active && state === 'active') || (!silenced && by.length > 0) || (!inhibited && inhibitedBy.length > 0)) return [];
      return [{ alert, routes, view }];
    });
  }

  #view(alert: Alert, routes: readonly Route[], only?: Route): AlertView {
    const by = silencedBy(this.silences, alert.labels, this.now);
    const inhibitedBy = this.#inhibitions.of(alert.labels);
    const mutedNames = (only === undefined ? routes : [only]).map((route) => mutedBy(this.config, route, this.now));
    // Muted on all its routes: nobody is told.
    const muted = mutedNames.every((names) => names.length > 0) ? [...new Set(mutedNames.flat())] : [];
    return {
      annotations: alert.annotations,
      endsAt: Number.isFinite(alert.endsAt) ? new Date(alert.endsAt).toISOString() : NO_END,
      fingerprint: alert.fingerprint,
      receivers: [...new Set(routes.map(({ receiver }) => receiver))].map((name) => ({ name })),
      startsAt: new Date(alert.startsAt).toISOString(),
      status: { state: by.length + inhibitedBy.length + muted.length > 0 ? 'suppressed' : 'active', silencedBy: by, inhibitedBy, mutedBy: muted },
      updatedAt: new Date(alert.updatedAt).toISOString(),
      generatorURL: alert.generatorUrl,
      labels: alert.labels,
    };
  }
}
