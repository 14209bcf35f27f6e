import type { MetricWindow } from '@millrace/contracts';
import { InfrastructureError, type BatchContext, type ConsumedEvent } from '@millrace/kafka';
import { clockNeedsOf, evaluate, evaluateClock, heedsClock, needsOf, systemNeedsOf, type Outcome, type Setting } from './evaluation.js';
import type { OutboxRelay } from './outbox-relay.js';
import { isSystemRule, type Rule } from './rule.js';
import type { RuleBook } from './rule-book.js';
import type { RuleSet } from './rule-file.js';
import type { RulerSignals } from './ruler.signals.js';
import type { RulerStore, RulerTransaction } from './ruler-store.js';
import { windowsOf, type Survey } from './system/survey.js';

type Decide = (rules: readonly Rule[], transaction: Pick<RulerTransaction, 'load'>, setting: Setting) => Promise<Outcome>;

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
    await this.#decide(windows, Date.now(), async (rules, transaction, setting) => {
      const decided = evaluate(rules, await transaction.load(needsOf(rules, windows)), windows, setting);
      if (context.signal.aborted) throw new InfrastructureError('the partition was lost before the decision was stored');
      return decided;
    });
  }

  /** Decides what the wall clock says, in a lane whose events happen now and once all windows are read. */
  async look(now: number): Promise<void> {
    if (!this.book.rules.rules.some(heedsClock)) return;
    await this.#decide([], now, async (rules, transaction, setting) => evaluateClock(rules, await transaction.load(clockNeedsOf(rules)), setting));
  }

  /** Looks at the running system and decides on what is found, in a lane whose events happen now. Looks at nothing while no rule asks. */
  async survey(look: () => Promise<Survey>): Promise<void> {
    if (!this.book.rules.rules.some(isSystemRule)) return;
    const survey = await look();
    await this.#decide([], Date.now(), async (rules, transaction, setting) => {
      const known = await transaction.load(systemNeedsOf(rules));
      return evaluate(rules, known, windowsOf(survey, known, setting), setting);
    });
  }

  /** Puts rules in force and ends the alerts that they do not mean any more. Returns how many. */
  async adopt(rules: RuleSet): Promise<number> {
    const ended = await this.store.transaction(async (transaction) => {
      const retired = await transaction.retire(rules, Date.now());
      this.book.replace(rules);
      return retired;
    });
    if (ended > 0) this.relay.wake();
    return ended;
  }

  /** Stores what is decided, then tells of it. */
  async #decide(windows: readonly MetricWindow[], now: number, decide: Decide): Promise<void> {
    const { alerts } = await this.store.transaction(async (transaction) => {
      // Read inside the transaction: rules change under the same lock.
      const decided = await decide(this.book.rules.rules, transaction, { lane: this.lane, now });
      await transaction.save(decided);
      return decided;
    });
    this.signals.decided(windows, alerts.map(({ event }) => event), now);
    if (alerts.length > 0) this.relay.wake();
  }
}
