import type { AlertEvent } from '@millrace/contracts';
import type { RecordPosition } from '@millrace/kafka';
import { wants, type Receiver } from './delivery/receiver.js';

/** A delivery to be made, or only recorded. */
export interface PlannedDelivery {
  readonly receiver: string;
  readonly state: 'pending' | 'suppressed';
}

/** A state change, where it lay, and who gets it. */
export interface PlannedAlert {
  readonly event: AlertEvent;
  readonly position: RecordPosition;
  readonly deliveries: readonly PlannedDelivery[];
}

/** Who is told of a state change. What did not happen in the live shop goes to logs only: a replay pages nobody. */
export function planDeliveries(event: AlertEvent, receivers: readonly Receiver[], live: boolean): readonly PlannedDelivery[] {
  return receivers
    .filter((receiver) => wants(receiver, event))
    .map(({ name, type }) => ({ receiver: name, state: live || type === 'log' ? 'pending' : 'suppressed' }));
}
