import type { DeliveriesQuery } from './query.schema.js';
import type { AlertDetailDto, AlertDto, DeliveryDto, ExplainedAlertDto } from './wire.dto.js';

export const ALERT_STORE = Symbol('ALERT_STORE');

/** Alerts and their deliveries as the notifier keeps them. All methods throw `StoreUnavailableError`. */
export interface AlertStore {
  /** Firing first, then by latest change; only of one status where given. */
  alerts(status: AlertDto['status'] | undefined, limit: number): Promise<ExplainedAlertDto[]>;
  /** The outage of an alert that was ever told to begin at `startsAt` (ms), or its latest; null: there is none. */
  alert(fingerprint: string, startsAt: number | undefined): Promise<Omit<AlertDetailDto, 'lane'> | null>;
  /** Newest first, each with its attempts. */
  deliveries(query: DeliveriesQuery): Promise<DeliveryDto[]>;
}
