import { createHash } from 'node:crypto';
import { fraudLabelEvent, inLane, type FraudLabelEvent } from '@millrace/contracts';
import type { EventPublisher, KafkaConnection } from '@millrace/kafka';
import type { Lifecycle } from '@millrace/service-kit';
import type { CaseDto, LabelDto, VerdictDto } from './case.dto.js';
import type { VerdictBody } from './case.schema.js';
import type { DeskStore } from './desk-store.js';
import type { PostgresCaseStore } from './postgres-case-store.js';

/** Shorter than a browser's patience: who waits is told. */
const DEADLINE_MS = 8_000;

interface Parts {
  readonly lane: string;
  readonly kafka: KafkaConnection;
  readonly lifecycle: Lifecycle;
  readonly cases: PostgresCaseStore;
  readonly store: DeskStore;
}

/** An analyst's verdict on an order, as a label in the topic of the lane. */
export class VerdictService {
  #publisher: Promise<EventPublisher> | null = null;

  constructor(private readonly parts: Parts) {
    parts.lifecycle.onRelease('verdicts', async () => (await this.#publisher?.catch(() => null))?.close());
  }

  /** Resolves once Kafka has the label. Throws `PublishError`, `InfrastructureError`, `StoreUnavailableError`. */
  async decide(order: CaseDto, labels: readonly LabelDto[], { fraud, decidedBy, note }: VerdictBody): Promise<VerdictDto> {
    const { lane, cases, store } = this.parts;
    const event: FraudLabelEvent = {
      eventId: verdictId(order.orderId, decidedBy, fraud, labels), eventType: 'VERDICT', occurredAt: Date.now(), orderId: order.orderId, fraud, scenario: null, decidedBy,
      amountMinor: order.totalMinor, currency: order.currency,
    };
    // Before the label: a note without one does no harm, and would be lost with this process after it.
    if (note !== undefined && note.trim() !== '') await cases.addNote(event.eventId, note);
    const publisher = await this.#connected();
    const { partition, offset } = await publisher.publish(fraudLabelEvent, event);
    // Seen at once, before the consumer has come to it; it will find it known.
    await store.writeLabels([{ eventId: event.eventId, orderId: event.orderId, kind: 'VERDICT', fraud, occurredAt: event.occurredAt, decidedBy }]);
    return { eventId: event.eventId, orderId: event.orderId, fraud, decidedBy, occurredAt: new Date(event.occurredAt).toISOString(), topic: inLane(lane, fraudLabelEvent.topic), partition, offset };
  }

  async #connected(): Promise<EventPublisher> {
    this.#publisher ??= this.parts.kafka.publisher({ deadlineMs: DEADLINE_MS });
    try {
      return await this.#publisher;
    } catch (error) {
      this.#publisher = null;
      throw error;
    }
  }
}

/**
 * Id of a verdict: the same for order, analyst and value, so that a double click is one label. Who has decided otherwise in between and comes back
 * gives a new one: the count of the analyst's contrary verdicts is part of it.
 */
export function verdictId(orderId: string, decidedBy: string, fraud: boolean, labels: readonly Pick<LabelDto, 'kind' | 'fraud' | 'decidedBy'>[]): string {
  const contrary = labels.filter((label) => label.kind === 'VERDICT' && label.decidedBy === decidedBy && label.fraud !== fraud).length;
  const hash = createHash('sha256').update(JSON.stringify([orderId, decidedBy, fraud, contrary])).digest('hex');
  return `verdict-${hash.slice(0, 32)}`;
}
