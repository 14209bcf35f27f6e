import type { PostgresSession } from '@millrace/stores';
import { toAlertDto, toChangeDto, toDeliveryDto, toOutageDto, toWholeAlertDto, type AlertRow, type AttemptRow, type ChangeRow, type DeliveryRow } from './alert.rows.js';
import type { AlertStore } from './alert-store.js';
import type { DeliveriesQuery } from './query.schema.js';
import type { AlertDetailDto, AlertDto, DeliveryDto, ExplainedAlertDto } from './wire.dto.js';

/** Most of each that is told of one alert. */
const MOST_OUTAGES = 20;
const MOST_CHANGES = 50;
const MOST_DELIVERIES = 50;

const ALERT = `id, fingerprint, rule, severity, status, labels, annotations, value, threshold, starts_at, first_starts_at, ends_at, is_timeout, is_decided,
  generator_url, evidence, updated_at`;

const ALERTS = `
select ${ALERT} from alerts where lane = $1 and ($2::text is null or status = $2) order by status, updated_at desc, id desc limit $3`;

/** An outage may turn out to have begun earlier: whatever was told then still finds it. $1 lane, $2 fingerprint, $3 ms or null. */
const ONE_ALERT = `
select ${ALERT} from alerts
where lane = $1 and fingerprint = $2 and ($3::double precision is null or (
  date_trunc('milliseconds', starts_at) <= to_timestamp($3 / 1000) and date_trunc('milliseconds', first_starts_at) >= to_timestamp($3 / 1000)))
order by first_starts_at desc, id desc limit 1`;

/** $1 lane, $2 fingerprint, $3 id of the one that is known, $4 limit. */
const OTHER_OUTAGES = `
select status, starts_at, ends_at from alerts where lane = $1 and fingerprint = $2 and id <> $3 order by first_starts_at desc, id desc limit $4`;

/** Those of one outage, by when they say it began. $1 lane, $2 fingerprint, $3 its start and $4 its end or null, ms, $5 limit. */
const CHANGES = `
select event_id, received_at, source_topic, source_partition, source_offset, coalesce(told."endsAt" <= told."updatedAt", false) as resolved
from alert_events, jsonb_to_record(alert) as told ("startsAt" double precision, "endsAt" double precision, "updatedAt" double precision)
where lane = $1 and fingerprint = $2 and told."startsAt" >= $3::double precision
  and (told."startsAt" = $3 or $4::double precision is null or told."startsAt" < $4)
order by id desc limit $5`;

/**
 * $1 lane, $2 state or null, $3 fingerprint or null, $4 {fingerprint, from, to} of an outage as told (ms) or null, $5 limit. Nobody is told of an
 * outage before it begins: so that what was told of those before is not searched, but for clocks that differ.
 */
const DELIVERIES = `
select d.id, d.receiver, d.integration, d.group_key, coalesce(d.notice -> 'groupLabels', '{}') as group_labels, d.status, d.state,
  jsonb_array_length(d.notice -> 'alerts') + coalesce((d.notice ->> 'truncated')::integer, 0) as alert_count,
  (select coalesce(jsonb_agg(jsonb_build_object('fingerprint', one ->> 'fingerprint', 'status', one ->> 'status',
     'name', coalesce(one -> 'labels' ->> 'alertname', one -> 'labels' ->> 'rule', 'alert')) order by place), '[]')
   from jsonb_array_elements(jsonb_path_query_array(d.notice, '$.alerts[0 to 19]')) with ordinality as told (one, place)) as alerts,
  d.next_attempt_at, d.last_error, d.created_at, d.finished_at
from deliveries d
where d.lane = $1 and ($2::text is null or d.state = $2) and ($3::text is null or d.fingerprints @> array[$3::text])
  and ($4::jsonb is null or d.created_at >= to_timestamp(($4 ->> 'from')::double precision / 1000) - interval '1 hour')
  and ($4 is null or jsonb_path_exists(d.notice, '$.alerts[*] ? (@.fingerprint == $fingerprint && @.startsAt >= $from && @.startsAt <= $to)', $4))
order by d.created_at desc, d.id desc limit $5`;

const ATTEMPTS = `
select delivery_id, attempt, started_at, duration_ms, outcome, status_code, error, possible_repeat
from delivery_attempts where delivery_id = any ($1::bigint[]) order by delivery_id, attempt, id`;

/** Reads the notifier's tables of one lane. */
export class PostgresAlertStore implements AlertStore {
  constructor(
    private readonly postgres: PostgresSession,
    private readonly lane: string,
  ) {}

  async alerts(status: AlertDto['status'] | undefined, limit: number): Promise<ExplainedAlertDto[]> {
    return (await this.postgres.query<AlertRow>(ALERTS, [this.lane, status?.toUpperCase() ?? null, limit])).map(toAlertDto);
  }

  async alert(fingerprint: string, startsAt: number | undefined): Promise<Omit<AlertDetailDto, 'lane'> | null> {
    const [row] = await this.postgres.query<AlertRow>(ONE_ALERT, [this.lane, fingerprint, startsAt ?? null]);
    if (row === undefined) return null;
    const began = row.starts_at.getTime();
    const ended = row.status === 'FIRING' ? null : (row.ends_at?.getTime() ?? null);
    const told = JSON.stringify({ fingerprint, from: began, to: row.first_starts_at.getTime() });
    const [outages, changes, deliveries] = await Promise.all([
      this.postgres.query<AlertRow>(OTHER_OUTAGES, [this.lane, fingerprint, row.id, MOST_OUTAGES]),
      this.postgres.query<ChangeRow>(CHANGES, [this.lane, fingerprint, began, ended, MOST_CHANGES]),
      this.#deliveries([null, fingerprint, told, MOST_DELIVERIES]),
    ]);
    return { alert: toWholeAlertDto(row), outages: outages.map(toOutageDto), changes: changes.map(toChangeDto), deliveries };
  }

  deliveries({ state, fingerprint, limit }: DeliveriesQuery): Promise<DeliveryDto[]> {
    return this.#deliveries([state ?? null, fingerprint ?? null, null, limit]);
  }

  async #deliveries(which: readonly unknown[]): Promise<DeliveryDto[]> {
    const rows = await this.postgres.query<DeliveryRow>(DELIVERIES, [this.lane, ...which]);
    const attempts = await this.postgres.query<AttemptRow>(ATTEMPTS, [rows.map(({ id }) => id)]);
    const byDelivery = Map.groupBy(attempts, ({ delivery_id: id }) => id);
    return rows.map((row) => toDeliveryDto(row, byDelivery.get(row.id) ?? []));
  }
}
