import type { CounterOf, GaugeOf, HistogramOf, Metrics } from '@millrace/service-kit';
import type { QueueDepth } from './delivery/delivery-queue.js';
import type { Outcome } from './delivery/retry.js';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];
const LATENCY_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 15, 60, 600];

/** The notifier's Prometheus metrics; a `receiver` is an integration, `name/type/place`: as many as the file has. */
export class NotifierSignals {
  readonly #alerts: CounterOf<'result'>;
  readonly #attempts: CounterOf<'receiver' | 'outcome'>;
  readonly #duration: HistogramOf<'receiver'>;
  readonly #latency: HistogramOf<'receiver'>;
  readonly #pending: GaugeOf<'receiver'>;
  readonly #oldest: GaugeOf<'receiver'>;
  readonly #disabled: GaugeOf<'receiver'>;
  readonly #breaker: GaugeOf<'receiver'>;

  readonly #dispatching: GaugeOf<never>;
  readonly #configured: GaugeOf<never>;

  constructor(metrics: Metrics) {
    this.#dispatching = metrics.gauge('dispatching', '1: this process dispatches the lane; of several, one does.');
    this.#configured = metrics.gauge('config_in_force', '1: the configuration is as the file has it; 0: the file has errors, and the one before is in force.');
    this.#alerts = metrics.counter('alerts_total', 'Alert events read: new, or known already.', ['result']);
    this.#attempts = metrics.counter('attempts_total', 'Attempts to deliver, by outcome: delivered, retry, failed, disabled.', ['receiver', 'outcome']);
    this.#duration = metrics.histogram('attempt_duration_seconds', 'How long an attempt took.', SECONDS, ['receiver']);
    this.#latency = metrics.histogram('delivery_latency_seconds', "Time from when a notification was due to the receiver's yes.", LATENCY_SECONDS, ['receiver']);
    this.#pending = metrics.gauge('queue_deliveries', 'Deliveries waiting.', ['receiver']);
    this.#oldest = metrics.gauge('queue_oldest_seconds', 'Age of the oldest delivery waiting.', ['receiver']);
    this.#disabled = metrics.gauge('receiver_disabled', '1: the receiver told us to stop and is switched off.', ['receiver']);
    this.#breaker = metrics.gauge('breaker_open', '1: ten attempts in a row failed; it is asked now and then with one delivery.', ['receiver']);
  }

  accepted(total: number, fresh: number): void {
    this.#alerts.add({ result: 'new' }, fresh);
    this.#alerts.add({ result: 'known' }, total - fresh);
  }

  attempted(receiver: string, outcome: Outcome, seconds: number): void {
    this.#attempts.add({ receiver, outcome });
    this.#duration.observe({ receiver }, seconds);
  }

  dispatching(isLeading: boolean): void {
    this.#dispatching.set({}, isLeading ? 1 : 0);
  }

  configured(isInForce: boolean): void {
    this.#configured.set({}, isInForce ? 1 : 0);
  }

  breaker(receiver: string, isOpen: boolean): void {
    this.#breaker.set({ receiver }, isOpen ? 1 : 0);
  }

  delivered(receiver: string, seconds: number): void {
    this.#latency.observe({ receiver }, Math.max(0, seconds));
  }

  queues(receivers: readonly string[], depths: readonly QueueDepth[], disabled: ReadonlySet<string>): void {
    for (const receiver of receivers) {
      const depth = depths.find((one) => one.integration === receiver);
      this.#pending.set({ receiver }, depth?.pending ?? 0);
      this.#oldest.set({ receiver }, depth?.oldestSeconds ?? 0);
      this.#disabled.set({ receiver }, disabled.has(receiver) ? 1 : 0);
    }
  }
}
