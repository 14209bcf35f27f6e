import { randomUUID } from 'node:crypto';
import type { QueryApiRig } from './query-api-rig.js';

export const MINUTE = 60_000;
export const NOON = Date.UTC(2026, 10, 20, 12);
export const ORDERS = 'a1'.repeat(8);
export const OTHER = 'b2'.repeat(8);
export const iso = (ms: number): string => new Date(ms).toISOString();

export interface GivenOutage {
  readonly fingerprint?: string;
  readonly startsAt: number;
  readonly firstStartsAt?: number;
  /** Null: it fires, and only somebody's word ends it. */
  readonly endsAt?: number | null;
  readonly firing?: boolean;
  readonly columns?: Readonly<Record<string, unknown>>;
}

export interface GivenDelivery {
  readonly receiver?: string;
  /** @default slack */
  readonly kind?: string;
  readonly lane?: string;
  readonly state?: string;
  readonly at: number;
  readonly told: readonly { readonly fingerprint: string; readonly startsAt: number; readonly status?: string; readonly labels?: Record<string, string> }[];
  readonly truncated?: number;
}

type Row = Readonly<Record<string, unknown>>;

/** Writes what a notifier would have written; each resolves to the row's id. */
export class AlertRows {
  #messages = 0;

  constructor(private readonly rig: QueryApiRig) {}

  async insert<I = number>(table: string, row: Row): Promise<I> {
    const names = Object.keys(row);
    const [stored] = await this.rig.pool.query<{ id: I }>(`insert into ${table} (${names.join()}) values (${names.map((_, at) => `$${String(at + 1)}`).join()}) returning id`, Object.values(row));
    if (stored === undefined) throw new TypeError(`no row of ${table} was stored`);
    return stored.id;
  }

  outage({ fingerprint = ORDERS, startsAt, firstStartsAt = startsAt, endsAt = null, firing = endsAt === null, columns = {} }: GivenOutage): Promise<number> {
    return this.insert('alerts', {
      lane: this.rig.lane, fingerprint, rule: 'orders-dropped', severity: 'critical', status: firing ? 'FIRING' : 'RESOLVED',
      labels: JSON.stringify({ alertname: 'orders-dropped', severity: 'critical' }), annotations: JSON.stringify({ summary: 'Orders dropped', runbook_url: 'https://runbooks.example/orders' }),
      value: 3, threshold: 10, first_starts_at: iso(firstStartsAt), starts_at: iso(startsAt), ends_at: endsAt === null ? null : iso(endsAt), updated_at: iso(startsAt),
      evidence: JSON.stringify([{ metricKey: 'orders{}', window: '1m', windowStart: startsAt - MINUTE, windowEnd: startsAt, value: 3, revision: 2, sourceOffsets: [{ topic: 't', partition: 0, firstOffset: 1, lastOffset: 9 }] }]),
      ...columns,
    });
  }

  delivery({ receiver = 'team', kind = 'slack', lane = this.rig.lane, state = 'delivered', at, told: alerts, truncated = 0 }: GivenDelivery): Promise<number> {
    const groupKey = '{}:{alertname="orders-dropped"}';
    const notice = {
      receiver, groupKey, groupLabels: { alertname: 'orders-dropped' }, at, truncated,
      alerts: alerts.map(({ fingerprint, startsAt, status = 'firing', labels = { alertname: 'orders-dropped' } }) =>
        ({ status, fingerprint, labels, annotations: {}, startsAt, endsAt: null, generatorUrl: '', decision: null })),
    };
    this.#messages += 1;
    return this.insert('deliveries', {
      lane, receiver, integration: `${receiver}/${kind}/0`, group_key: groupKey, notice: JSON.stringify(notice), fingerprints: alerts.map(({ fingerprint }) => fingerprint), status: 'FIRING',
      fence: 1, message_id: `m${String(this.#messages)}`, state, created_at: iso(at), last_error: state === 'pending' ? 'HTTP 503' : null, finished_at: state === 'pending' ? null : iso(at + 80),
    });
  }

  attempt(deliveryId: number, row: Row): Promise<number> {
    return this.insert('delivery_attempts', { delivery_id: deliveryId, started_at: iso(NOON), duration_ms: 12, outcome: 'retry', status_code: 503, error: 'HTTP 503', ...row });
  }

  action(row: Row): Promise<number> {
    return this.insert('alert_actions', { lane: this.rig.lane, fingerprint: ORDERS, first_starts_at: iso(NOON), action: 'acknowledged', author: 'ann', acted_at: iso(NOON), ...row });
  }

  silence(row: Row): Promise<string> {
    return this.insert<string>('silences', { id: randomUUID(), lane: this.rig.lane, matchers: '[]', created_by: 'ann', comment: 'deploying', ...row });
  }

  async muting(row: Row): Promise<void> {
    const all = { lane: this.rig.lane, fingerprint: ORDERS, receiver: 'team', reason: 'time-interval', muted_by: 'nights', ...row };
    const names = Object.keys(all);
    await this.rig.pool.execute(`insert into alert_mutings (${names.join()}) values (${names.map((_, at) => `$${String(at + 1)}`).join()})`, Object.values(all));
  }

  async clear(): Promise<void> {
    for (const table of ['alerts', 'alert_events', 'alert_actions', 'deliveries', 'silences', 'alert_mutings']) await this.rig.pool.execute(`delete from ${table}`);
  }
}
