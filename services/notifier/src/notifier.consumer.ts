import type { AlertEvent } from '@millrace/contracts';
import { InfrastructureError, type BatchContext, type ConsumedEvent } from '@millrace/kafka';
import { planDeliveries, type PlannedAlert } from './alert-intake.js';
import type { DeliveryWorker } from './delivery/delivery-worker.js';
import type { NotifierSignals } from './notifier.signals.js';
import type { NotifierStore } from './notifier-store.js';

/** Alert events in, deliveries queued. */
export class NotifierConsumer {
  constructor(
    /** What comes from the lane goes outside. */
    private readonly delivers: (lane: string) => boolean,
    private readonly workers: readonly DeliveryWorker[],
    private readonly store: NotifierStore,
    private readonly signals: NotifierSignals,
  ) {}

  /** Stores a batch: its alerts and deliveries are durable when it resolves. */
  async handle(events: readonly ConsumedEvent<AlertEvent>[], context: Pick<BatchContext, 'signal' | 'reject'>): Promise<void> {
    const receivers = this.workers.map(({ receiver }) => receiver);
    const planned: PlannedAlert[] = [];
    for (const consumed of events) {
      const { event, topic, partition, offset } = consumed;
      if (event.status === 'UNKNOWN') {
        context.reject(consumed, 'status: is neither FIRING nor RESOLVED');
        continue;
      }
      planned.push({ event, position: { topic, partition, offset }, deliveries: planDeliveries(event, receivers, this.delivers(event.lane)) });
    }
    if (context.signal.aborted) throw new InfrastructureError('the partition was lost before its alerts were stored');
    const fresh = await this.store.accept(planned);
    this.signals.accepted(planned.length, fresh);
    if (fresh > 0) for (const worker of this.workers) worker.wake();
  }
}
