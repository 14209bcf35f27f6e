import type { AlertEvent } from '@millrace/contracts';
import { InfrastructureError, type BatchContext, type ConsumedEvent } from '@millrace/kafka';
import type { DispatchStore } from './dispatch/dispatch-store.js';
import { ofRuler, type ToldAlert } from './dispatch/told-alert.js';
import type { NotifierSignals } from './notifier.signals.js';

/** The ruler's alerts in, for the dispatcher. */
export class NotifierConsumer {
  constructor(
    private readonly lane: string,
    private readonly store: Pick<DispatchStore, 'accept'>,
    private readonly signals: NotifierSignals,
    private readonly onAccepted: () => void,
  ) {}

  /** Stores a batch: its alerts are durable when it resolves. */
  async handle(events: readonly ConsumedEvent<AlertEvent>[], context: Pick<BatchContext, 'signal' | 'reject'>): Promise<void> {
    const now = Date.now();
    const told: ToldAlert[] = [];
    for (const consumed of events) {
      const { event, topic, partition, offset } = consumed;
      if (event.status === 'UNKNOWN') context.reject(consumed, 'status: is neither FIRING nor RESOLVED');
      // A replay's alert in the live topic would page somebody.
      else if (event.lane !== this.lane) context.reject(consumed, `lane: is ${event.lane}, its topic is of ${this.lane}`);
      else told.push(ofRuler(event, { topic, partition, offset }, now));
    }
    if (context.signal.aborted) throw new InfrastructureError('the partition was lost before its alerts were stored');
    const fresh = await this.store.accept(told);
    this.signals.accepted(told.length, fresh);
    if (fresh > 0) this.onAccepted();
  }
}
