import type { AlertEvent, MetricWindow } from '@millrace/contracts';
import type { CounterOf, GaugeOf, HistogramOf, Metrics } from '@millrace/service-kit';

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const NO_LABELS = {};

/** The ruler's Prometheus metrics. */
export class RulerSignals {
  readonly #windows: CounterOf<never>;
  readonly #alerts: CounterOf<'rule' | 'status'>;
  readonly #published: CounterOf<never>;
  readonly #unpublished: GaugeOf<never>;
  readonly #rules: GaugeOf<never>;
  readonly #fileValid: GaugeOf<never>;
  readonly #delay: HistogramOf<never>;
  readonly #scores: CounterOf<never>;
  readonly #heldBack: CounterOf<'rule'>;

  constructor(metrics: Metrics) {
    this.#windows = metrics.counter('windows_total', 'Metric windows read.');
    this.#alerts = metrics.counter('alerts_total', 'Alert state changes decided.', ['rule', 'status']);
    this.#published = metrics.counter('published_total', 'Alert events published.');
    this.#unpublished = metrics.gauge('outbox_events', 'Alert events decided and not yet published.');
    this.#rules = metrics.gauge('rules', 'Rules in force.');
    this.#fileValid = metrics.gauge('rules_file_valid', '1: the rules file is in force; 0: it has errors and the rules before it are.');
    this.#delay = metrics.histogram('decision_delay_seconds', 'Time from the computation of a window to the decision on it.', SECONDS);
    this.#scores = metrics.counter('scores_total', 'Fraud scores read.');
    this.#heldBack = metrics.counter('held_back_total', 'Alerts about orders that did not fire because too many of their rule did.', ['rule']);
  }

  decided(windows: readonly MetricWindow[], alerts: readonly AlertEvent[], now: number): void {
    this.#windows.add(NO_LABELS, windows.length);
    for (const { computedAt } of windows) this.#delay.observe(NO_LABELS, Math.max(0, now - computedAt) / 1_000);
    this.#alerted(alerts);
  }

  /** @param heldBack by rule */
  scored(scores: number, alerts: readonly AlertEvent[], heldBack: ReadonlyMap<string, number>): void {
    this.#scores.add(NO_LABELS, scores);
    for (const [rule, count] of heldBack) this.#heldBack.add({ rule }, count);
    this.#alerted(alerts);
  }

  published(count: number, left: number): void {
    this.#published.add(NO_LABELS, count);
    this.#unpublished.set(NO_LABELS, left);
  }

  rules(count: number, valid: boolean): void {
    this.#rules.set(NO_LABELS, count);
    this.#fileValid.set(NO_LABELS, valid ? 1 : 0);
  }
  #alerted(alerts: readonly AlertEvent[]): void {
    for (const { rule, status } of alerts) this.#alerts.add({ rule, status });
  }
}
