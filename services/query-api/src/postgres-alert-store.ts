import type { PostgresSession } from '@millrace/stores';
import {
  toAlertDto, toChangeDto, toDeliveryDto, toFoundAlertDto, toMutingDto, toOutageDto, toWholeAlertDto, type AlertRow, type AttemptRow, type ChangeRow, type DeliveryRow, type FoundAlertRow, type MutingRow,
} from './alert.rows.js';
import type { AlertsQuery, DeliveriesQuery } from './alert.schema.js';
import type { AlertStore } from './alert-store.js';
import { pageOf, placeOf, type Page } from './page.js';
import { contains, instantOf } from './search.sql.js';
import type { AlertDetailDto, DeliveryDto, ExplainedAlertDto, FoundAlertDto } from './wire.dto.js';

/** Most of each that is told of one alert. */
const MOST_OUTAGES = 20;
const MOST_CHANGES = 50;
const MOST_DELIVERIES = 50;
const MOST_MUTINGS = 50;

const ALERT = `id, fingerprint, rule, severity, status, labels, annotations, value, threshold, starts_at, first_starts_at, ends_at, is_timeout, is_decided,
  generator_url, evidence, updated_at`;

const ALERTS = `select ${ALERT} from alerts where lane = $1 order by status, updated_at desc, id desc limit $2`;

/** A notice tells of the outage of $fingerprint that was told to begin from $from to $to (ms). */
const TELLS_OF = `'$.alerts[*] ? (@.fingerprint == $fingerprint && @.startsAt >= $from && @.startsAt <= $to)'`;

/**
 * A log tells nobody. Counted: for the first that exists, all deliveries would be gone through rather than the alert's own looked up.
 */
const TOLD = `(
  select count(*) > 0 from deliveries d
  where d.lane = alerts.lane and d.state = 'delivered' and d.integration not like '%/log/%' and d.fingerprints @> array[alerts.fingerprint] and d.created_at >= alerts.starts_at - interval '1 hour'
    and jsonb_path_exists(d.notice, ${TELLS_OF}, jsonb_build_object('fingerprint', alerts.fingerprint,
      'from', floor(extract(epoch from alerts.starts_at) * 1000), 'to', ceil(extract(epoch from alerts.first_starts_at) * 1000))))`;

/** Who took an outage on last, where nobody gave it back since. */
const ACKNOWLEDGED_BY = `(
  select case action when 'acknowledged' then author end from alert_actions done
  where done.lane = alerts.lane and done.fingerprint = alerts.fingerprint and done.first_starts_at = alerts.first_starts_at and action in ('acknowledged', 'unacknowledged')
  order by done.id desc limit 1)`;

/**
 * By first_starts_at, which never changes, so that pages have neither gaps nor repeats. $1 lane, $2 status, $3 severity, $4 rule, $5 text, $6 matchers,
 * $7 from, $8 to, $9 told, $10 acknowledged, $11 and $12 cursor, $13 limit; null: any.
 */
const SEARCH = `
select ${ALERT}, ${TOLD} as told, ${ACKNOWLEDGED_BY} as acknowledged_by, ${placeOf('first_starts_at')} from alerts
where lane = $1 and ($2::text is null or status = $2) and ($3::text is null or severity = $3) and ($4::text is null or rule = $4)
  and ($5::text is null or exists (select from jsonb_each_text(labels) as said where ${contains('$5', 'said.value')})
    or exists (select from jsonb_each_text(annotations) as said where ${contains('$5', 'said.value')}))
  and ($6::jsonb is null or not exists (
    select from jsonb_to_recordset($6) as matcher (name text, value text, equal boolean) where (coalesce(labels ->> matcher.name, '') = matcher.value) <> matcher.equal))
  and ($7::timestamptz is null or starts_at >= $7) and ($8::timestamptz is null or starts_at < $8)
  and ($9::boolean is null or ${TOLD} = $9) and ($10::boolean is null or (${ACKNOWLEDGED_BY} is not null) = $10)
  and ($11::timestamptz is null or (first_starts_at, id) < ($11, $12::bigint))
order by first_starts_at desc, id desc limit $13`;

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

const DELIVERY = `
select d.id, d.receiver, d.integration, d.group_key, coalesce(d.notice -> 'groupLabels', '{}') as group_labels, d.message_id, d.status, d.state,
  jsonb_array_length(d.notice -> 'alerts') + coalesce((d.notice ->> 'truncated')::integer, 0) as alert_count,
  (select coalesce(jsonb_agg(jsonb_build_object('fingerprint', one ->> 'fingerprint', 'status', one ->> 'status', 'startsAt', one -> 'startsAt',
     'name', coalesce(one -> 'labels' ->> 'alertname', one -> 'labels' ->> 'rule', 'alert')) order by place), '[]')
   from jsonb_array_elements(jsonb_path_query_array(d.notice, '$.alerts[0 to 19]')) with ordinality as told (one, place)) as alerts,
  d.next_attempt_at, d.last_error, d.created_at, d.finished_at, ${placeOf('d.created_at')}
from deliveries d`;

/** $1 lane, $2 state, $3 receiver, $4 fingerprint, $5 text, $6 from, $7 to, $8 and $9 cursor, $10 limit; null: any. */
const DELIVERIES = `${DELIVERY}
where d.lane = $1 and ($2::text is null or d.state = $2) and ($3::text is null or d.receiver = $3) and ($4::text is null or d.fingerprints @> array[$4::text])
  and ($5::text is null or ${contains('$5', 'd.receiver')} or ${contains('$5', 'd.integration')} or ${contains('$5', `coalesce(d.last_error, '')`)}
    or exists (select from jsonb_each_text(d.notice -> 'groupLabels') as label where ${contains('$5', 'label.value')}))
  and ($6::timestamptz is null or d.created_at >= $6) and ($7::timestamptz is null or d.created_at < $7)
  and ($8::timestamptz is null or (d.created_at, d.id) < ($8, $9::bigint))
order by d.created_at desc, d.id desc limit $10`;

/**
 * What told of one outage. $1 lane, $2 its fingerprint, $3 {fingerprint, from, to} (ms), $4 limit. Nobody is told of an outage before it begins: so that
 * what was told of those before is not searched, but for clocks that differ.
 */
const OUTAGE_DELIVERIES = `${DELIVERY}
where d.lane = $1 and d.fingerprints @> array[$2::text] and d.created_at >= to_timestamp(($3::jsonb ->> 'from')::double precision / 1000) - interval '1 hour'
  and jsonb_path_exists(d.notice, ${TELLS_OF}, $3)
order by d.created_at desc, d.id desc limit $4`;

const ATTEMPTS = `
select delivery_id, attempt, started_at, duration_ms, outcome, status_code, error, response_excerpt, possible_repeat
from delivery_attempts where delivery_id = any ($1::bigint[]) order by delivery_id, attempt, id`;

/** $1 id of the outage, $2 limit. */
const MUTINGS = `
select m.receiver, m.reason, m.muted_by, m.since, s.created_by as author, s.comment,
  (select coalesce(a.labels ->> 'alertname', a.rule) from alerts a
   where m.reason = 'inhibition' and a.lane = m.lane and a.fingerprint = m.muted_by order by a.first_starts_at desc limit 1) as source
from alerts told
join alert_mutings m on m.lane = told.lane and m.fingerprint = told.fingerprint and m.first_starts_at = told.first_starts_at
left join silences s on m.reason = 'silence' and s.lane = m.lane and s.id::text = m.muted_by
where told.id = $1
order by m.since desc, m.receiver, m.reason, m.muted_by limit $2`;

/** Reads the notifier's tables of one lane. */
export class PostgresAlertStore implements AlertStore {
  constructor(
    private readonly postgres: PostgresSession,
    private readonly lane: string,
  ) {}

  async alerts(limit: number): Promise<ExplainedAlertDto[]> {
    return (await this.postgres.query<AlertRow>(ALERTS, [this.lane, limit])).map(toAlertDto);
  }

  async search({ status, severity, rule, q, match, from, to, told, acknowledged, cursor, limit }: AlertsQuery): Promise<Page<FoundAlertDto>> {
    const rows = await this.postgres.query<FoundAlertRow>(SEARCH, [
      this.lane, status?.toUpperCase() ?? null, severity ?? null, rule ?? null, q ?? null, match === undefined ? null : JSON.stringify(match),
      instantOf(from), instantOf(to), told ?? null, acknowledged ?? null, cursor?.at ?? null, cursor?.id ?? null, limit + 1,
    ]);
    return pageOf(rows, limit, toFoundAlertDto);
  }

  async alert(fingerprint: string, startsAt: number | undefined): Promise<Omit<AlertDetailDto, 'lane'> | null> {
    const [row] = await this.postgres.query<AlertRow>(ONE_ALERT, [this.lane, fingerprint, startsAt ?? null]);
    if (row === undefined) return null;
    const began = row.starts_at.getTime();
    const ended = row.status === 'FIRING' ? null : (row.ends_at?.getTime() ?? null);
    const told = JSON.stringify({ fingerprint, from: began, to: row.first_starts_at.getTime() });
    const [outages, changes, deliveries, mutings] = await Promise.all([
      this.postgres.query<AlertRow>(OTHER_OUTAGES, [this.lane, fingerprint, row.id, MOST_OUTAGES]),
      this.postgres.query<ChangeRow>(CHANGES, [this.lane, fingerprint, began, ended, MOST_CHANGES]),
      this.postgres.query<DeliveryRow>(OUTAGE_DELIVERIES, [this.lane, fingerprint, told, MOST_DELIVERIES]),
      this.postgres.query<MutingRow>(MUTINGS, [row.id, MOST_MUTINGS]),
    ]);
    return {
      alert: toWholeAlertDto(row), outages: outages.map(toOutageDto), changes: changes.map(toChangeDto), deliveries: await this.#withAttempts(deliveries),
      mutings: mutings.map(toMutingDto),
    };
  }

  async deliveries({ state, receiver, fingerprint, q, from, to, cursor, limit }: DeliveriesQuery): Promise<Page<DeliveryDto>> {
    const rows = await this.postgres.query<DeliveryRow>(DELIVERIES, [
      this.lane, state ?? null, receiver ?? null, fingerprint ?? null, q ?? null, instantOf(from), instantOf(to), cursor?.at ?? null, cursor?.id ?? null, limit + 1,
    ]);
    const { items, next } = pageOf(rows, limit, (row) => row);
    return { items: await this.#withAttempts(items), next };
  }

  async #withAttempts(rows: readonly DeliveryRow[]): Promise<DeliveryDto[]> {
    const attempts = await this.postgres.query<AttemptRow>(ATTEMPTS, [rows.map(({ id }) => id)]);
    const byDelivery = Map.groupBy(attempts, ({ delivery_id: id }) => id);
    return rows.map((row) => toDeliveryDto(row, byDelivery.get(row.id) ?? []));
  }
}
