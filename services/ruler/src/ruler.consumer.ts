import type { MetricWindow } from '@millrace/contracts';
import { InfrastructureError, type BatchContext, type ConsumedEvent } from '@millrace/kafka';
import { clockNeedsOf, evaluate, evaluateClock, needsOf } from './evaluation.js';
import type { OutboxRelay } from './outbox-relay.js';
import type { RuleBook } from './rule-book.js';
import type { RuleSet } from './rule-file.js';
import type { RulerSignals } from './ruler.signals.js';
import type { RulerStore } from './ruler-store.js';

/** Metric windows in, decisions stored, alerts on their way. */
export class RulerConsumer {
  constructor(
    private readonly lane: string,
    private readonly book: RuleBook,
    private readonly store: RulerStore,
    private readonly relay: OutboxRelay,
    private readonly signals: RulerSignals,
  ) {}

  /** Decides on a batch: memory and alert events are durable together when it resolves. */
  async handle(events: readonly ConsumedEvent<MetricWindow>[], context: Pick<BatchContext, 'signal'>): Promise<void> {
    const windows = events.map(({ event }) => event);
    const now = Date.now();
    const outcome = await this.store.transaction(async (transaction) => {
      // Read inside the transaction: rules change under the same lock.
      const { rules } = this.book.rules;
      const stored = await transaction.load(needsOf(rules, windows));
      const decided = evaluate(rules, stored, windows, { lane: this.lane, now });
      if (context.signal.aborted) throw new InfrastructureError('the partition was lost before the decision was stored');
      await transaction.save(decided);
      return decided;
    });
    this.signals.decided(windows, outcome.alerts.map(({ event }) => event), now);
    if (outcome.alerts.length > 0) this.relay.wake();
  }

  /** Decides what the wall clock says, in a lane whose events happen now and once all windows are read. */
  async look(now: number): Promise<void> {
    if (clockNeedsOf(this.book.rules.rules).rules.length === 0) return;
    const { alerts } = await this.store.transaction(async (transaction) => {
      const { rules } = this.book.rules;
      const decided = evaluateClock(rules, await transaction.load(clockNeedsOf(rules)), { lane: this.lane, now });
      await transaction.save(decided);
      return decided;
    });
    this.signals.decided([], alerts.map(({ event }) => event), now);
    if (alerts.length > 0) this.relay.wake();
  }

  /** Puts rules in force and ends the alerts that they do not mean any more. Returns how many. */
  async adopt(rules: RuleSet): Promise<number> {
    const ended = await this.store.transaction(async (transaction) => {
      const retired = await transaction.retire(rules.rules, Date.now());
      this.book.replace(rules);
      return retired;
    });
    if (ended > 0) this.relay.wake();
    return ended;
  }
}
