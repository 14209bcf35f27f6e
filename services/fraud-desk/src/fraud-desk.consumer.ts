import type { FraudLabelEvent, FraudScore, TruthEvent } from '@millrace/contracts';
import { InfrastructureError, type BatchContext, type ConsumedEvent } from '@millrace/kafka';
import type { CounterOf, Metrics } from '@millrace/service-kit';
import type { DeskStore, Label, Truth } from './desk-store.js';
import { countingScores, idProblemOf, problemOf } from './scored-order.js';

type Context = Pick<BatchContext, 'signal' | 'reject'>;

/** Scores, labels and truth in; each batch is durable when its handler resolves. */
export class FraudDeskConsumer {
  readonly #written: CounterOf<'what' | 'outcome'>;

  constructor(
    private readonly lane: string,
    private readonly store: DeskStore,
    metrics: Metrics,
  ) {
    this.#written = metrics.counter('written_total', 'Orders whose score or truth, and labels, that were new; or were known already.', ['what', 'outcome']);
  }

  async scores(events: readonly ConsumedEvent<FraudScore>[], context: Context): Promise<void> {
    const good = sound(events, context, (score) => problemOf(score, this.lane));
    this.#count('score', events.length, await this.store.writeScores(countingScores(good)));
  }

  async labels(events: readonly ConsumedEvent<FraudLabelEvent>[], context: Context): Promise<void> {
    const labels: Label[] = [];
    for (const { event } of sound(events, context, labelProblemOf)) {
      const { eventId, orderId, eventType, fraud, occurredAt, decidedBy } = event;
      if (eventType !== 'UNKNOWN') labels.push({ eventId, orderId, kind: eventType, fraud, occurredAt, decidedBy });
    }
    this.#count('label', events.length, await this.store.writeLabels(labels));
  }

  async truth(events: readonly ConsumedEvent<TruthEvent>[], context: Context): Promise<void> {
    const truths = sound(events, context, truthProblemOf).map(({ event }): Truth => ({
      orderId: event.orderId, fraud: event.eventType === 'FRAUD', scenario: event.scenario, occurredAt: event.occurredAt,
    }));
    this.#count('truth', events.length, await this.store.writeTruth(truths));
  }

  #count(what: string, all: number, fresh: number): void {
    this.#written.add({ what, outcome: 'new' }, fresh);
    this.#written.add({ what, outcome: 'known' }, all - fresh);
  }
}

/** The records that can be stored; the others are set aside. Throws where the partition was lost meanwhile. */
function sound<E>(events: readonly ConsumedEvent<E>[], { signal, reject }: Context, problem: (event: E) => string | null): readonly ConsumedEvent<E>[] {
  const good = events.filter((record) => {
    const found = problem(record.event);
    if (found !== null) reject(record, found);
    return found === null;
  });
  if (signal.aborted) throw new InfrastructureError('the partition was lost before the write');
  return good;
}

function labelProblemOf({ eventType, eventId, orderId, decidedBy }: FraudLabelEvent): string | null {
  if (eventType === 'UNKNOWN') return 'eventType: is no kind of label';
  return idProblemOf('eventId', eventId) ?? idProblemOf('orderId', orderId) ?? idProblemOf('decidedBy', decidedBy ?? '');
}

function truthProblemOf({ eventType, orderId, scenario }: TruthEvent): string | null {
  if (eventType === 'UNKNOWN') return 'eventType: is neither HONEST nor FRAUD';
  return idProblemOf('orderId', orderId) ?? idProblemOf('scenario', scenario ?? '');
}
