import TinyQueue from 'tinyqueue';
import type { AlertmanagerConfig } from '../routing/alertmanager-config.js';
import { Inhibitions } from '../routing/inhibition.js';
import { integrationsOf, type Integration } from '../routing/integration.js';
import type { Labels } from '../routing/labels.js';
import { mutedBy } from '../routing/muting.js';
import { groupKey, groupLabels, routesOf, type Route } from '../routing/route.js';
import { isResolved, merged, outageOf, type Alert } from './alert.js';
import { Mutings, type Muting } from './mutings.js';
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
  /** Why receivers were not told of what fires, where that was not noted before. */
  readonly muted: readonly Muting[];
}

/** An outcome while it grows. */
interface Draft {
  readonly notifications: Notification[];
  readonly logged: Logged[];
  readonly released: Alert[];
  readonly muted: Muting[];
}

interface Group {
  /** Of the route and the labels. */
  readonly id: string;
  readonly route: Route;
  readonly key: string;
  readonly labels: Labels;
  readonly alerts: Map<string, Alert>;
  /** When its own receiver may be told next, ms. */
  tellAt: number;
  /** When it is looked at next, ms: then, or before, where an escalation is due. */
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
  readonly #mutings = new Mutings();
  #acknowledged: ReadonlySet<string> = new Set();
  #inhibitions: Inhibitions;

  constructor(private config: AlertmanagerConfig) {
    this.#inhibitions = new Inhibitions(config.inhibitRules);
  }

  /** Goes on where another left off: with the alerts it held and its log. A group that told something keeps its times. */
  restore(alerts: readonly Alert[], log: readonly Logged[], now: number): void {
    for (const { groupKey: key, integration, entry } of log) if (entry !== null) this.#log.set(logKey(key, integration), entry);
    for (const alert of alerts) this.#hold(alert, now);
    for (const group of this.#groups.values()) {
      const at = Math.max(...this.#integrations(group.route.receiver).map(({ id }) => this.#log.get(logKey(group.key, id))?.at ?? -Infinity));
      group.hasFlushed = Number.isFinite(at);
      const began = Math.min(...[...group.alerts.values()].map(({ updatedAt }) => updatedAt));
      // An escalation may have become due meanwhile: what was told before is on the log.
      this.#schedule(group, Math.max(now, group.hasFlushed ? at + group.route.groupIntervalMs : began + group.route.groupWaitMs), now, true);
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

  /** From now on these outages are acknowledged (see {@link outageOf}) and no others: they do not escalate, and are not repeated. */
  replaceAcknowledged(outages: Iterable<string>): void {
    this.#acknowledged = new Set(outages);
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
    const outcome: Draft = { notifications: [], logged: [], released: [], muted: [] };
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

  /** Its receiver may be told at that time, or others before, where an escalation is due after `now`; `isBack`: or became due while nobody looked. */
  #schedule(group: Group, at: number, now: number, isBack = false): void {
    group.tellAt = at;
    const escalations = group.route.escalations.flatMap(({ afterMs }) => [...group.alerts.values()].map(({ startsAt }) => startsAt + afterMs));
    group.dueAt = Math.min(at, ...escalations.filter((due) => isBack || due > now).map((due) => Math.max(due, now)));
    this.#looks.push({ at: group.dueAt, group });
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
      if (!group.hasFlushed && alert.startsAt + route.groupWaitMs < now) this.#schedule(group, now, now);
      else if (route.escalations.length > 0) this.#schedule(group, group.tellAt, now);
    }
  }

  #groupOf(route: Route, alert: Alert, now: number): Group {
    const labels = groupLabels(route, alert.labels);
    const key = groupKey(route, labels);
    const id = `${route.id} ${key}`;
    const known = this.#groups.get(id);
    if (known !== undefined) return known;
    const group: Group = { id, route, key, labels, alerts: new Map(), tellAt: 0, dueAt: 0, hasFlushed: false };
    this.#groups.set(id, group);
    this.#schedule(group, now + route.groupWaitMs, now);
    return group;
  }

  #flush(group: Group, outcome: Draft): void {
    const now = group.dueAt;
    const isTelling = now >= group.tellAt;
    group.hasFlushed ||= isTelling;
    const intervals = mutedBy(this.config, group.route, now);
    if (intervals.length === 0) this.#notify(group, now, isTelling, outcome);
    else if (isTelling) for (const alert of group.alerts.values()) this.#mute(group, alert, { silence: [], inhibition: [], 'time-interval': intervals }, outcome);
    this.#schedule(group, isTelling ? now + group.route.groupIntervalMs : group.tellAt, now);
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
    this.#mutings.forget(alert);
    released.push(alert);
  }

  /** Whoever was told that it fires is yet to be told that it does not: while a silence held nobody could be. */
  #isThoughtFiring(group: Group, fingerprint: string): boolean {
    const { receiver, escalations } = group.route;
    return [receiver, ...escalations.map((one) => one.receiver)].flatMap((name) => this.#integrations(name)).some(({ id }) => this.#log.get(logKey(group.key, id))?.firing.has(fingerprint) === true);
  }

  #notify(group: Group, now: number, isTelling: boolean, outcome: Draft): void {
    const fires = (fingerprint: string): boolean => {
      const source = this.#alerts.get(fingerprint);
      return source !== undefined && !isResolved(source.alert, now);
    };
    const heard = [...group.alerts.values()].filter((alert) => {
      const by = { inhibition: this.#inhibitions.of(alert.labels, fires), silence: silencedBy(this.#silences.values(), alert.labels, now), 'time-interval': [] };
      if (isTelling) this.#mute(group, alert, by, outcome);
      return by.inhibition.length === 0 && by.silence.length === 0;
    });
    if (heard.length === 0) return;
    if (isTelling) for (const integration of this.#integrations(group.route.receiver)) this.#tell(group, integration, heard, now, outcome);
    for (const { afterMs, receiver } of group.route.escalations) {
      for (const integration of this.#integrations(receiver)) {
        const told = this.#log.get(logKey(group.key, integration.id))?.firing ?? new Set();
        const concerned = heard.filter((alert) => told.has(alert.fingerprint) || (!isResolved(alert, now) && alert.startsAt + afterMs <= now && !this.#acknowledged.has(outageOf(alert))));
        this.#tell(group, integration, concerned, now, outcome);
      }
    }
  }

  #mute({ route: { receiver }, dueAt: at }: Group, alert: Alert, by: Readonly<Record<Muting['reason'], readonly string[]>>, { muted }: Draft): void {
    if (isResolved(alert, at)) return;
    const all = (['silence', 'inhibition', 'time-interval'] as const).flatMap((reason) => by[reason].map((one): Muting => ({ alert, receiver, reason, by: one, at })));
    muted.push(...all.filter((muting) => this.#mutings.note(muting)));
  }

  #tell(group: Group, integration: Integration, heard: readonly Alert[], now: number, { notifications, logged }: Draft): void {
    const firing = heard.filter((alert) => !isResolved(alert, now));
    const resolved = heard.filter((alert) => isResolved(alert, now));
    const { id, sendResolved } = integration;
    const key = logKey(group.key, id);
    // Who has taken it on need not hear again that it still fires.
    const repeatIntervalMs = firing.every((alert) => this.#acknowledged.has(outageOf(alert))) ? Infinity : group.route.repeatIntervalMs;
    const sets = { firing: new Set(firing.map(({ fingerprint }) => fingerprint)), resolved: new Set(resolved.map(({ fingerprint }) => fingerprint)) };
    if (!needsUpdate(this.#log.get(key), { ...sets, sendResolved, repeatIntervalMs, now })) return;
    const entry = firing.length === 0 ? null : { ...sets, at: now };
    if (entry === null) this.#log.delete(key);
    else this.#log.set(key, entry);
    logged.push({ groupKey: group.key, integration: id, entry });
    if (sendResolved || firing.length > 0) notifications.push({ integration, groupKey: group.key, groupLabels: group.labels, at: now, firing, resolved: sendResolved ? resolved : [] });
  }

  #integrations(receiver: string): readonly Integration[] {
    return integrationsOf(this.config.receivers.get(receiver));
  }
}

function logKey(group: string, integration: string): string {
  return `${group}\n${integration}`;
}
