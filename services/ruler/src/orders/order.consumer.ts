import type { FraudScore } from '@millrace/contracts';
import { InfrastructureError, type BatchContext, type ConsumedEvent } from '@millrace/kafka';
import type { Outcome } from '../evaluation.js';
import type { OutboxRelay } from '../outbox-relay.js';
import type { RuleBook } from '../rule-book.js';
import type { RulerSignals } from '../ruler.signals.js';
import type { RulerStore, RulerTransaction } from '../ruler-store.js';
import { aged, eventTimeOf, reachOf } from './order-clock.js';
import { countedOf, decideGroups, orderAlerts, touchedBy, type GroupsDecided } from './order-evaluation.js';
import type { OrderRule } from './order-rule.js';
import { latestOf, orderScoreOf } from './order-score.js';

const MINUTE_MS = 60_000;

interface OrderConsumerParts {
  readonly lane: string;
  readonly book: RuleBook;
  readonly store: RulerStore;
  readonly relay: OutboxRelay;
  readonly signals: RulerSignals;
  /** Partitions of the scores that have records, as far as known. */
  readonly partitions: ReadonlySet<number>;
  /** Told once when alerts of a rule are held back, and once when none are any more. */
  readonly onHeldBack: (rule: string, isHeldBack: boolean) => void;
}

interface Decided extends Pick<GroupsDecided, 'heldBack'> {
  readonly alerts: Outcome['alerts'];
}

interface Look {
  readonly touched: ReturnType<typeof touchedBy>;
  readonly eventTime: number | null;
}

const NOTHING: Decided = { alerts: [], heldBack: new Map() };

/** Fraud scores in, decisions of the rules about orders stored, alerts on their way. */
export class OrderConsumer {
  readonly #full = new Set<string>();

  constructor(private readonly parts: OrderConsumerParts) {}

  /** Decides on a batch of one partition: memory and alert events are durable together when it resolves. */
  async handle(events: readonly ConsumedEvent<FraudScore>[], { partition, signal }: Pick<BatchContext, 'partition' | 'signal'>): Promise<void> {
    await this.#decide(events.length, async (rules, transaction) => {
      const decided = await this.#take(rules, transaction, { events, partition });
      if (signal.aborted) throw new InfrastructureError('the partition was lost before the decision was stored');
      return decided;
    });
  }

  /** Ends what is over by the wall clock, in a lane whose events happen now and once all scores are read. */
  async look(now: number): Promise<void> {
    await this.#decide(0, (rules, transaction) => this.#settle(rules, transaction, { touched: new Map(), eventTime: now }));
  }

  async #take(rules: readonly OrderRule[], transaction: RulerTransaction, { events, partition }: { readonly events: readonly ConsumedEvent<FraudScore>[]; readonly partition: number }): Promise<Decided> {
    const { orders } = transaction;
    const clock = new Map(await orders.clock());
    const before = eventTimeOf(clock, this.parts.partitions);
    const { scores, newest } = aged(events.map(orderScoreOf), clock.get(partition) ?? Number.NEGATIVE_INFINITY);
    const latest = latestOf(scores);
    const known = await orders.known(rules.map(({ name }) => name), latest.map(({ orderId }) => orderId));
    const counted = countedOf(rules, latest, known);
    await orders.put(counted);
    await orders.advanceClock(partition, newest);
    clock.set(partition, newest);
    const eventTime = eventTimeOf(clock, this.parts.partitions);
    const decided = await this.#settle(rules, transaction, { touched: touchedBy(counted, known), eventTime });
    if (eventTime !== null && minuteOf(eventTime) !== minuteOf(before ?? 0)) {
      await orders.forget(new Map(rules.map((rule) => [rule.name, eventTime - reachOf(rule)])));
    }
    return decided;
  }

  /** Decides on the groups that were touched, and on those whose alerts end by now. */
  async #settle(rules: readonly OrderRule[], transaction: RulerTransaction, { touched, eventTime }: Look): Promise<Decided> {
    const { orders } = transaction;
    const stored = await orders.groups([...touched.values()], eventTime);
    if (stored.length === 0) return NOTHING;
    const { groups, transitions, heldBack } = decideGroups(rules, stored, { touched, eventTime, firing: await orders.firing() });
    const evidence = await orders.evidence(transitions.map(({ wanted }) => wanted));
    const alerts = orderAlerts(transitions, evidence, { lane: this.parts.lane, now: Date.now() });
    await orders.saveGroups(groups);
    await transaction.save({ changed: [], alerts });
    return { alerts, heldBack };
  }

  /** Stores what is decided, then tells of it. */
  async #decide(scores: number, decide: (rules: readonly OrderRule[], transaction: RulerTransaction) => Promise<Decided>): Promise<void> {
    const { book, store, signals, relay } = this.parts;
    if (book.rules.orderRules.length === 0) return;
    // Read again inside the transaction: rules change under the same lock.
    const { alerts, heldBack } = await store.transaction((transaction) => decide(book.rules.orderRules, transaction));
    signals.scored(scores, alerts.map(({ event }) => event), heldBack);
    this.#tellHeldBack(alerts, heldBack);
    if (alerts.length > 0) relay.wake();
  }

  #tellHeldBack(alerts: Outcome['alerts'], heldBack: Decided['heldBack']): void {
    for (const rule of heldBack.keys()) {
      if (!this.#full.has(rule)) this.parts.onHeldBack(rule, true);
      this.#full.add(rule);
    }
    for (const { event } of alerts) {
      if (event.status === 'FIRING' && !heldBack.has(event.rule) && this.#full.delete(event.rule)) this.parts.onHeldBack(event.rule, false);
    }
  }
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}
