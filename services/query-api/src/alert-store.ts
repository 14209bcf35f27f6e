import type { AlertDto, DeliveryDto, ExplainedAlertDto } from './wire.dto.js';

export const ALERT_STORE = Symbol('ALERT_STORE');

/** Alerts and their deliveries as the notifier keeps them. All methods throw `StoreUnavailableError`. */
export interface AlertStore {
  /** Firing first, then by latest change; only of one status where given. */
  alerts(status: AlertDto['status'] | undefined, limit: number): Promise<ExplainedAlertDto[]>;
  /** Newest first, each with its attempts. */
  deliveries(state: string | undefined, limit: number): Promise<DeliveryDto[]>;
}
