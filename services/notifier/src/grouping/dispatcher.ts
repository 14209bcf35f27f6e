import TinyQueue from 'tinyqueue';
import type { AlertmanagerConfig } from '../routing/alertmanager-config.js';
import { Inhibitions } from '../routing/inhibition.js';
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

/** A line of the notification log. */
export interface Logged {
  readonly groupKey: string;
  /** Its id. */
  readonly integration: string;
  /** Null: it knows of nothing that fires. */
  readonly entry: LogEntry | null;
}

/** What came of looking at the groups that were due. */
export interface Outcome {
  readonly notifications: readonly Notification[];
  readonly logged: readonly Logged[];
  /** Alerts that are over, with nobody left to be told so. */
  readonly released: readonly Alert[];
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

/** An alert, and how many groups have it. */
interface Held {
  alert: Alert;
  groups: number;
}

/**
 * Groups alerts and says who is to be told of them when, as Alertmanager's dispatcher and its pipeline do: grouping and its times, then
 * inhibition, time intervals and silences, then the log of what each integration knows. It has no clock, store or network of its own: what
 * happens is told with its time, and `advance` goes to a time.
 */
export class Dispatcher {
  readonly #alerts = new Map<string, Held>();
  readonly #groups = new Map<string, Group>();
  /** Looks to come; one whose group has moved on, or is gone, counts no more. */
  readonly #looks = new TinyQueue<{ readonly at: number; readonly group: Group }>([], (left, right) => left.at - right.at);
  readonly #silences = new Map<string, Silence>();
  readonly #log = new Map<string, LogEntry>();
  #inhibitions: Inhibitions;

  constructor(private config: AlertmanagerConfig) {
    this.#inhibitions = new Inhibitions(config.inhibitRules);
  }

  /** Goes on where another left off: with the alerts it held and its log. A group that told something keeps its times. */
  restore(alerts: readonly Alert[], log: readonly Logged[], now: number): void {
    const toldAt = new Map<string, number>();
    for (const { groupKey: key, integration, entry } of log) {
      if (entry === null) continue;
      this.#log.set(logKey(key, integration), entry);
      toldAt.set(key, Math.max(toldAt.get(key) ?? 0, entry.at));
    }
    for (const alert of alerts) this.#hold(alert, now);
    for (const group of this.#groups.values()) {
      const at = toldAt.get(group.key);
      group.hasFlushed = at !== undefined;
      const began = Math.min(...[...group.alerts.values()].map(({ updatedAt }) => updatedAt));
      this.#schedule(group, Math.max(now, at === undefined ? began + group.route.groupWaitMs : at + group.route.groupIntervalMs));
    }
  }

  /** Takes a new configuration: groups are made anew, what everybody was told is not forgotten. */
  reload(config: AlertmanagerConfig, now: number): void {
    this.config = config;
    this.#groups.clear();
    this.#inhibitions = new Inhibitions(config.inhibitRules);
    const alerts = [...this.#alerts.values()].map(({ alert }) => alert);
    this.#alerts.clear();
    for (const alert of alerts) this.#hold(alert, now);
  }

  /** The alert as it is held; undefined: it is not. */
  known(fingerprint: string): Alert | undefined {
    return this.#alerts.get(fingerprint)?.alert;
  }

  /** Takes an alert, new or told again. Returns what is known of it now. */
  take(told: Alert, now: number): Alert {
    const alert = merged(this.#alerts.get(told.fingerprint)?.alert, told);
    this.#hold(alert, now);
    return alert;
  }

  /** Adds a silence, or puts it in the place of the one with its id. */
  silence(silence: Silence): void {
    this.#silences.set(silence.id, silence);
  }

  /** From now on these silences and no others. */
  replaceSilences(silences: readonly Silence[]): void {
    this.#silences.clear();
    for (const silence of silences) this.silence(silence);
  }

  /** Ends a silence. False: there is none with this id that could be ended. */
  expire(id: string, now: number): boolean {
    const silence = this.#silences.get(id);
    if (silence === undefined || silence.endsAt <= now) return false;
    this.#silences.set(id, { ...silence, startsAt: Math.min(silence.startsAt, now), endsAt: now });
    return true;
  }

  /** When the next group is due, ms; null: none is. */
  dueAt(): number | null {
    return this.#next()?.dueAt ?? null;
  }

  /** Looks at every group that is due by then, each at its time, earliest first. */
  advance(now: number): Outcome {
    const outcome = { notifications: new Array<Notification>(), logged: new Array<Logged>(), released: new Array<Alert>() };
    for (let next = this.#next(); next !== null && next.dueAt <= now; next = this.#next()) this.#flush(next, outcome);
    return outcome;
  }

  #next(): Group | null {
    for (let look = this.#looks.peek(); look !== undefined; look = this.#looks.peek()) {
      if (look.at === look.group.dueAt && this.#groups.get(look.group.id) === look.group) return look.group;
      this.#looks.pop();
    }
    return null;
  }

  #schedule(group: Group, at: number): void {
    group.dueAt = at;
    this.#looks.push({ at, group });
  }

  #hold(alert: Alert, now: number): void {
    const held = this.#alerts.get(alert.fingerprint) ?? { alert, groups: 0 };
    held.alert = alert;
    if (held.groups === 0) {
      this.#alerts.set(alert.fingerprint, held);
      this.#inhibitions.add(alert);
    }
    for (const route of routesOf(this.config.route, alert.labels)) {
      const group = this.#groupOf(route, alert, now);
      if (!group.alerts.has(alert.fingerprint)) held.groups += 1;
      group.alerts.set(alert.fingerprint, alert);
      // One that has been firing for longer than the wait waits no more.
      if (!group.hasFlushed && alert.startsAt + route.groupWaitMs < now && group.dueAt !== now) this.#schedule(group, now);
    }
  }

  #groupOf(route: Route, alert: Alert, now: number): Group {
    const labels = groupLabels(route, alert.labels);
    const key = groupKey(route, labels);
    const id = `${route.id} ${key}`;
    const known = this.#groups.get(id);
    if (known !== undefined) return known;
    const group: Group = { id, route, key, labels, alerts: new Map(), dueAt: 0, hasFlushed: false };
    this.#groups.set(id, group);
    this.#schedule(group, now + route.groupWaitMs);
    return group;
  }

  #flush(group: Group, outcome: { notifications: Notification[]; logged: Logged[]; released: Alert[] }): void {
    const now = group.dueAt;
    this.#schedule(group, now + group.route.groupIntervalMs);
    group.hasFlushed = true;
    if (mutedBy(this.config, group.route, now).length === 0) this.#notify(group, now, outcome);
    for (const [fingerprint, alert] of group.alerts) {
      if (!isResolved(alert, now) || this.#isThoughtFiring(group, fingerprint)) continue;
      group.alerts.delete(fingerprint);
      this.#release(alert, outcome.released);
    }
    if (group.alerts.size === 0) this.#groups.delete(group.id);
  }

  #release(alert: Alert, released: Alert[]): void {
    const held = this.#alerts.get(alert.fingerprint);
    if (held === undefined) return;
    held.groups -= 1;
    if (held.groups > 0) return;
    this.#alerts.delete(alert.fingerprint);
    this.#inhibitions.remove(alert);
    released.push(alert);
  }

  /** Whoever was told that it fires is yet to be told that it does not: while a silence held nobody could be. */
  #isThoughtFiring(group: Group, fingerprint: string): boolean {
    return integrationsOf(this.config.receivers.get(group.route.receiver)).some(({ id }) => this.#log.get(logKey(group.key, id))?.firing.has(fingerprint) === true);
  }

  #notify(group: Group, now: number, { notifications, logged }: { notifications: Notification[]; logged: Logged[] }): void {
    const fires = (fingerprint: string): boolean => {
      const source = this.#alerts.get(fingerprint);
      return source !== undefined && !isResolved(source.alert, now);
    };
    const heard = [...group.alerts.values()].filter(({ labels }) =>
      this.#inhibitions.of(labels, fires).length === 0 && silencedBy(this.#silences.values(), labels, now).length === 0);
    if (heard.length === 0) return;
    const firing = heard.filter((alert) => !isResolved(alert, now));
    const resolved = heard.filter((alert) => isResolved(alert, now));
    const sets = { firing: new Set(firing.map(({ fingerprint }) => fingerprint)), resolved: new Set(resolved.map(({ fingerprint }) => fingerprint)) };
    for (const integration of integrationsOf(this.config.receivers.get(group.route.receiver))) {
      const { id, sendResolved } = integration;
      const key = logKey(group.key, id);
      if (!needsUpdate(this.#log.get(key), { ...sets, sendResolved, repeatIntervalMs: group.route.repeatIntervalMs, now })) continue;
      const entry = firing.length === 0 ? null : { ...sets, at: now };
      if (entry === null) this.#log.delete(key);
      else this.#log.set(key, entry);
      logged.push({ groupKey: group.key, integration: id, entry });
      if (sendResolved || firing.length > 0) notifications.push({ integration, groupKey: group.key, groupLabels: group.labels, at: now, firing, resolved: sendResolved ? resolved : [] });
    }
  }
}

function logKey(group: string, integration: string): string {
  return `${group}\n${integration}`;
}
