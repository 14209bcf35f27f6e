import type { AlertmanagerConfig } from '../routing/alertmanager-config.js';
import { inhibitedBy } from '../routing/inhibition.js';
import { integrationsOf, type Integration } from '../routing/integration.js';
import type { Labels } from '../routing/labels.js';
import { mutedBy } from '../routing/muting.js';
import { groupKey, groupLabels, routesOf, type Route } from '../routing/route.js';
import { isResolved, merged, type Alert } from './alert.js';
import { needsUpdate, type LogEntry } from './notification-log.js';
import { silencedBy, type Silence } from './silence.js';

/** What one integration of a receiver is to be told of a group. */
export interface Notification {
  readonly integration: Integration;
  readonly groupKey: string;
  readonly groupLabels: Labels;
  /** When it was due, ms. */
  readonly at: number;
  readonly firing: readonly Alert[];
  /** Empty where resolved notices are not wanted. */
  readonly resolved: readonly Alert[];
}

interface Group {
  /** Of the route and the labels. */
  readonly id: string;
  readonly route: Route;
  readonly key: string;
  readonly labels: Labels;
  readonly alerts: Map<string, Alert>;
  /** When it is looked at next, ms. */
  dueAt: number;
  hasFlushed: boolean;
}

/**
 * Groups alerts and says who is to be told of them when, as Alertmanager's dispatcher and its pipeline do: grouping and its times, then
 * inhibition, time intervals and silences, then the log of what each integration knows. It has no clock, store or network of its own: what
 * happens is told with its time, and `advance` goes to a time.
 */
export class Dispatcher {
  readonly #alerts = new Map<string, Alert>();
  readonly #groups = new Map<string, Group>();
  readonly #silences = new Map<string, Silence>();
  readonly #log = new Map<string, LogEntry>();

  constructor(private config: AlertmanagerConfig) {}

  /** Takes a new configuration: groups are made anew, what everybody was told is not forgotten. */
  reload(config: AlertmanagerConfig, now: number): void {
    this.config = config;
    this.#groups.clear();
    for (const alert of this.#alerts.values()) this.#route(alert, now);
  }

  /** Takes an alert, new or told again. */
  take(told: Alert, now: number): void {
    const alert = merged(this.#alerts.get(told.fingerprint), told);
    this.#alerts.set(alert.fingerprint, alert);
    this.#route(alert, now);
  }

  /** Adds a silence, or puts it in the place of the one with its id. */
  silence(silence: Silence): void {
    this.#silences.set(silence.id, silence);
  }

  /** Ends a silence. False: there is none with this id that could be ended. */
  expire(id: string, now: number): boolean {
    const silence = this.#silences.get(id);
    if (silence === undefined || silence.endsAt <= now) return false;
    this.#silences.set(id, { ...silence, startsAt: Math.min(silence.startsAt, now), endsAt: now });
    return true;
  }

  /** Looks at every group that is due by then, each at its time, earliest first. */
  advance(now: number): readonly Notification[] {
    const found: Notification[] = [];
    for (let next = this.#next(); next !== null && next.dueAt <= now; next = this.#next()) found.push(...this.#flush(next));
    return found;
  }

  #next(): Group | null {
    let next: Group | null = null;
    for (const group of this.#groups.values()) if (next === null || group.dueAt < next.dueAt) next = group;
    return next;
  }

  #route(alert: Alert, now: number): void {
    for (const route of routesOf(this.config.route, alert.labels)) {
      const labels = groupLabels(route, alert.labels);
      const key = groupKey(route, labels);
      const id = `${route.id} ${key}`;
      let group = this.#groups.get(id);
      if (group === undefined) {
        group = { id, route, key, labels, alerts: new Map(), dueAt: now + route.groupWaitMs, hasFlushed: false };
        this.#groups.set(id, group);
      }
      group.alerts.set(alert.fingerprint, alert);
      // One that has been firing for longer than the wait waits no more.
      if (!group.hasFlushed && alert.startsAt + route.groupWaitMs < now) group.dueAt = now;
    }
  }

  #flush(group: Group): readonly Notification[] {
    const now = group.dueAt;
    group.dueAt = now + group.route.groupIntervalMs;
    group.hasFlushed = true;
    const found = mutedBy(this.config, group.route, now).length > 0 ? [] : this.#notify(group, now);
    for (const [fingerprint, alert] of group.alerts) {
      if (!isResolved(alert, now) || this.#isThoughtFiring(group, fingerprint)) continue;
      group.alerts.delete(fingerprint);
      if (this.#alerts.get(fingerprint) === alert) this.#alerts.delete(fingerprint);
    }
    if (group.alerts.size === 0) this.#groups.delete(group.id);
    return found;
  }

  /** Whoever was told that it fires is yet to be told that it does not: while a silence held nobody could be. */
  #isThoughtFiring(group: Group, fingerprint: string): boolean {
    return integrationsOf(this.config.receivers.get(group.route.receiver)).some(({ id }) => this.#log.get(`${group.key}\n${id}`)?.firing.has(fingerprint) === true);
  }

  #notify(group: Group, now: number): readonly Notification[] {
    const firingAnywhere = [...this.#alerts.values()].filter((alert) => !isResolved(alert, now));
    const heard = [...group.alerts.values()].filter(({ labels }) =>
      inhibitedBy(this.config.inhibitRules, labels, firingAnywhere).length === 0 && silencedBy(this.#silences.values(), labels, now).length === 0);
    const firing = heard.filter((alert) => !isResolved(alert, now));
    const resolved = heard.filter((alert) => isResolved(alert, now));
    const sets = { firing: new Set(firing.map(({ fingerprint }) => fingerprint)), resolved: new Set(resolved.map(({ fingerprint }) => fingerprint)) };
    return integrationsOf(this.config.receivers.get(group.route.receiver)).flatMap((integration) => {
      const logKey = `${group.key}\n${integration.id}`;
      const { sendResolved } = integration;
      if (heard.length === 0 || !needsUpdate(this.#log.get(logKey), { ...sets, sendResolved, repeatIntervalMs: group.route.repeatIntervalMs, now })) return [];
      this.#log.set(logKey, { ...sets, at: now });
      if (!sendResolved && firing.length === 0) return [];
      return [{ integration, groupKey: group.key, groupLabels: group.labels, at: now, firing, resolved: sendResolved ? resolved : [] }];
    });
  }
}
