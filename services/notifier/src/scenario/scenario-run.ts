import { Dispatcher, type Notification } from '../grouping/dispatcher.js';
import { outageOf, type Alert } from '../grouping/alert.js';
import { labelsText } from '../routing/labels.js';
import type { Expectation, Scenario, Step, TestAlert } from './scenario-file.js';

/** A notification as it came; times in ms from the start. */
export interface Told {
  readonly receiver: string;
  readonly at: number;
  readonly alerts: readonly Expectation['alerts'][number][];
}

/** Plays a scenario: nothing waits, the clock is ours. */
export function play({ config, start, until, steps }: Scenario): readonly Told[] {
  const dispatcher = new Dispatcher(config);
  const told: Told[] = [];
  const advance = (to: number): void => { told.push(...dispatcher.advance(start + to).notifications.map((notification) => toldOf(notification, start))); };
  const acknowledged = new Set<string>();
  let resolveTimeoutMs = config.resolveTimeoutMs;
  for (const step of [...steps].sort((left, right) => left.at - right.at)) {
    // A group that is due at the same moment was first.
    advance(step.at);
    if (step.kind === 'reload') resolveTimeoutMs = step.config.resolveTimeoutMs;
    take(dispatcher, step, start, resolveTimeoutMs, acknowledged);
  }
  advance(until);
  return told;
}

function take(dispatcher: Dispatcher, step: Step, start: number, resolveTimeoutMs: number, acknowledged: Set<string>): void {
  const now = start + step.at;
  if (step.kind === 'alerts') for (const alert of step.alerts) dispatcher.take(alertOf(alert, start, now, resolveTimeoutMs), now);
  else if (step.kind === 'silence') dispatcher.silence({ id: step.id, matchers: step.matchers, startsAt: start + step.starts, endsAt: start + step.ends });
  else if (step.kind === 'expire') dispatcher.expire(step.id, now);
  else if (step.kind === 'acknowledge') {
    const alert = dispatcher.known(labelsText(step.labels));
    if (alert !== undefined) dispatcher.replaceAcknowledged(acknowledged.add(outageOf(alert)));
  }
  else dispatcher.reload(step.config, now);
}

/** As Alertmanager's API fills in what is not told. */
function alertOf({ labels, annotations, starts, ends }: TestAlert, start: number, now: number, resolveTimeoutMs: number): Alert {
  const startsAt = starts !== null ? start + starts : ends !== null ? Math.min(now, start + ends) : now;
  const endsAt = ends === null ? now + resolveTimeoutMs : start + ends;
  return { fingerprint: labelsText(labels), labels, annotations, startsAt, firstStartsAt: startsAt, endsAt, isTimeout: ends === null, updatedAt: now, generatorUrl: '', decision: null };
}

function toldOf({ integration, at, firing, resolved }: Notification, start: number): Told {
  const shown = ({ labels, annotations, startsAt }: Alert, ends: number | null): Told['alerts'][number] => ({ labels, annotations, starts: startsAt - start, ends });
  return { receiver: integration.receiver, at: at - start, alerts: [...firing.map((alert) => shown(alert, null)), ...resolved.map((alert) => shown(alert, alert.endsAt - start))] };
}

/** What was told otherwise than expected, a line each; empty where nothing was. `tolerance`: how far times may be off, ms. */
export function differences(scenario: Scenario, told: readonly Told[], tolerance = 0): readonly string[] {
  const receivers = new Set([...scenario.expect.keys(), ...told.map(({ receiver }) => receiver)]);
  return [...receivers].flatMap((receiver) => {
    const expected = scenario.expect.get(receiver) ?? [];
    const came = told.filter((one) => one.receiver === receiver);
    const lines = expected.flatMap((wanted, place) => {
      const found = came[place];
      if (found === undefined) return [`${receiver}: nothing came between ${secondsText(wanted.from)} and ${secondsText(wanted.to)}, expected ${alertsText(wanted.alerts)}`];
      const late = found.at < wanted.from - tolerance || found.at > wanted.to + tolerance ? [`${receiver}: came at ${secondsText(found.at)}, expected between ${secondsText(wanted.from)} and ${secondsText(wanted.to)}`] : [];
      const wrong = sameAlerts(wanted.alerts, found.alerts, tolerance) ? [] : [`${receiver}: at ${secondsText(found.at)} came ${alertsText(found.alerts)}, expected ${alertsText(wanted.alerts)}`];
      return [...late, ...wrong];
    });
    return [...lines, ...came.slice(expected.length).map(({ at, alerts }) => `${receiver}: at ${secondsText(at)} came ${alertsText(alerts)}, expected nothing more`)];
  });
}

function sameAlerts(wanted: Expectation['alerts'], found: Told['alerts'], tolerance: number): boolean {
  const alike = (left: number | null, right: number | null): boolean => left === right || (left !== null && right !== null && Math.abs(left - right) <= tolerance);
  if (wanted.length !== found.length) return false;
  const byLabels = new Map(found.map((alert) => [labelsText(alert.labels), alert]));
  return wanted.every((alert) => {
    const other = byLabels.get(labelsText(alert.labels));
    return other !== undefined && (alert.starts === null || alike(alert.starts, other.starts)) && alike(alert.ends, other.ends) &&
      (alert.annotations === null || labelsText(alert.annotations) === labelsText(other.annotations ?? {}));
  });
}

function alertsText(alerts: Told['alerts']): string {
  return alerts.map(({ labels, annotations, starts, ends }) => {
    const span = `${starts === null ? '' : ` from ${secondsText(starts)}`}${ends === null ? '' : ` to ${secondsText(ends)}`}`;
    return `${labelsText(labels)}${annotations === null || Object.keys(annotations).length === 0 ? '' : ` ${labelsText(annotations)}`}${span}`;
  }).join(', ');
}

function secondsText(ms: number): string {
  return `${ms / 1_000} s`;
}
