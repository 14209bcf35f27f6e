import { createHash } from 'node:crypto';
import { fraudLabelEvent, inLane, type FraudLabelEvent } from '@millrace/contracts';
import type { EventPublisher, KafkaConnection } from '@millrace/kafka';
import type { Lifecycle } from '@millrace/service-kit';
import type { ActionStore, Judgement, KnownOutage, Outage, Verdict } from './action-store.js';

/** Shorter than a browser's patience: who waits is told. */
const DEADLINE_MS = 8_000;
/** Alerts with this label and that of an order say that the order is fraud: whether they are right is a label of the order. */
const FRAUD = { name: 'category', value: 'fraud' } as const;
const ID_LENGTH = 32;

/** Where a label lies. */
export interface LabelPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Says whether alerts were right: for the rule's precision, and, of alerts that called an order fraud, for those who learn from labels. */
export class Judge {
  #publisher: Promise<EventPublisher> | null = null;

  constructor(
    private readonly lane: string,
    private readonly kafka: KafkaConnection,
    private readonly actions: ActionStore,
    lifecycle: Lifecycle,
  ) {
    lifecycle.onRelease('verdicts', async () => (await this.#publisher?.catch(() => null))?.close());
  }

  /**
   * Resolves once Kafka has the label, where there is one, and the verdict is on record; null: there is no such outage. Saying the same twice is saying it
   * once. Throws `PublishError`, `InfrastructureError`, `StoreError`s.
   */
  async judge(fingerprint: string, startsAt: Date | null, judgement: Judgement): Promise<(Outage & { readonly label: LabelPlace | null }) | null> {
    const outage = await this.actions.find(fingerprint, startsAt);
    if (outage === null) return null;
    // Before the record: a label that is on its way twice has one id, and one that never left would be lost with the record there.
    const label = await this.#publish(outage, judgement);
    await this.actions.judge(outage, judgement);
    return { fingerprint, labels: outage.labels, startsAt: outage.startsAt, label };
  }

  async #publish(outage: KnownOutage, { verdict, author }: Judgement): Promise<LabelPlace | null> {
    const orderId = outage.labels['order'];
    if (verdict === 'unsure' || orderId === undefined || outage.labels[FRAUD.name] !== FRAUD.value) return null;
    const turns = (await this.actions.judged(outage)).filter((one) => one.author === author && one.verdict !== verdict).length;
    const event: FraudLabelEvent = {
      eventId: labelId(outage, author, verdict, turns), eventType: 'ALERT_OUTCOME', occurredAt: Date.now(), orderId, fraud: verdict === 'true', scenario: null, decidedBy: author,
      amountMinor: null, currency: null,
    };
    const publisher = await this.#connected();
    const { partition, offset } = await publisher.publish(fraudLabelEvent, event);
    return { topic: inLane(this.lane, fraudLabelEvent.topic), partition, offset };
  }

  async #connected(): Promise<EventPublisher> {
    this.#publisher ??= this.kafka.publisher({ deadlineMs: DEADLINE_MS });
    try {
      return await this.#publisher;
    } catch (error) {
      this.#publisher = null;
      throw error;
    }
  }
}

/** The same for the same word of the same author, so that a double click is one label; who comes back to it after another word gives a new one. */
function labelId({ fingerprint, firstStartsAt }: KnownOutage, author: string, verdict: Verdict, turns: number): string {
  const hash = createHash('sha256').update(JSON.stringify([fingerprint, firstStartsAt.getTime(), author, verdict, turns])).digest('hex');
  return `alert-outcome-${hash.slice(0, ID_LENGTH)}`;
}
