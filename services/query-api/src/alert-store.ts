import type { AlertsQuery, DeliveriesQuery } from './alert.schema.js';
import type { Page } from './page.js';
import type { AlertDetailDto, DeliveryDto, ExplainedAlertDto, FoundAlertDto } from './wire.dto.js';

export const ALERT_STORE = Symbol('ALERT_STORE');

/** Alerts and their deliveries as the notifier keeps them. All methods throw `StoreUnavailableError`. */
export interface AlertStore {
  /** Firing first, then by latest change. */
  alerts(limit: number): Promise<ExplainedAlertDto[]>;
  /** Outages, the one that began last first. */
  search(query: AlertsQuery): Promise<Page<FoundAlertDto>>;
  /** The outage of an alert that was ever told to begin at `startsAt` (ms), or its latest; null: there is none. */
  alert(fingerprint: string, startsAt: number | undefined): Promise<Omit<AlertDetailDto, 'lane'> | null>;
  /** Newest first, each with its attempts. */
  deliveries(query: DeliveriesQuery): Promise<Page<DeliveryDto>>;
}
