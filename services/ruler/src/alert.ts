import { createHash } from 'node:crypto';
import type { AlertEvent } from '@millrace/contracts';
import { fingerprint } from '@millrace/service-kit/fingerprint';
import { renderAnnotation } from './annotation.js';
import type { Rule } from './rule.js';
import type { SubjectTransition } from './series-state.js';

/** Where an alert arose. */
export interface AlertOrigin {
  readonly lane: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** What an alert has of its rule. */
type AlertingRule = Pick<Rule, 'name' | 'severity' | 'labels' | 'annotations'>;

/** A change to announce, with what it rests on. */
export interface ShownTransition extends SubjectTransition {
  readonly evidence: AlertEvent['evidence'];
}

/** Hex digits of an event id: 128 bit. */
const ID_LENGTH = 32;

/** Everything that makes it this alert and no other. */
export function alertLabels(rule: AlertingRule, origin: AlertOrigin, subject: string): Readonly<Record<string, string>> {
  const product = subject === '' ? {} : { product: subject };
  return { ...rule.labels, ...origin.dimensions, ...product, rule: rule.name, severity: rule.severity, lane: origin.lane };
}

/** The event that announces a transition. Its id depends on the alert and its times only, so that deciding it twice gives it once. */
export function alertEventOf(rule: AlertingRule, origin: AlertOrigin, transition: ShownTransition, now: number): AlertEvent {
  const labels = alertLabels(rule, origin, transition.subject);
  const { decision, status, startsAt, again, evidence } = transition;
  const { value, threshold } = decision;
  const id = fingerprint(labels);
  const annotations = Object.fromEntries(Object.entries(rule.annotations).map(([name, text]) => [name, renderAnnotation(text, { value, threshold, labels })]));
  return {
    eventId: eventIdOf(id, status, startsAt, again),
    fingerprint: id,
    status,
    rule: rule.name,
    severity: rule.severity,
    labels,
    annotations,
    value,
    threshold,
    startsAt,
    endsAt: status === 'RESOLVED' ? transition.endsAt : null,
    occurredAt: now,
    evidence,
    lane: origin.lane,
  };
}

/** The windows that a transition rests on. */
export function windowEvidence({ window }: Rule, metricKey: string, { decision, subject }: SubjectTransition): AlertEvent['evidence'] {
  return decision.samples.map((sample) => ({
    metricKey,
    window,
    windowStart: sample.start,
    windowEnd: sample.end,
    value: sample.items[subject] ?? sample.value ?? 0,
    revision: sample.revision,
    sourceOffsets: sample.offsets,
  }));
}

/** The event that ends an alert whose rule is gone or means another alert now. */
export function withdrawn(firing: AlertEvent, at: number, now: number): AlertEvent {
  return {
    ...firing,
    eventId: createHash('sha256').update(`${firing.eventId}|withdrawn`).digest('hex').slice(0, ID_LENGTH),
    status: 'RESOLVED',
    endsAt: Math.max(firing.startsAt, at),
    occurredAt: now,
    evidence: [],
  };
}

function eventIdOf(alert: string, status: string, startsAt: number, again: number): string {
  return createHash('sha256').update(`${alert}|${status}|${startsAt}|${again}`).digest('hex').slice(0, ID_LENGTH);
}
