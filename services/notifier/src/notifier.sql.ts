/**
 * Stores one state change with its deliveries, or nothing if its event id is known.
 * $1 lane, $2 event, $3 starts, $4 ends, $5-7 topic, partition, offset, $8 receivers, $9 their states, $10 message id.
 */
export const ACCEPT_ALERT = `
with incoming as (
  select $2::jsonb as event
  where not exists (select from alert_events where lane = $1 and event_id = $2::jsonb ->> 'eventId')
), alert as (
  insert into alerts (lane, fingerprint, rule, severity, status, labels, annotations, value, threshold, starts_at, ends_at, evidence)
  select $1, event ->> 'fingerprint', event ->> 'rule', event ->> 'severity', event ->> 'status', event -> 'labels', event -> 'annotations',
    (event ->> 'value')::double precision, (event ->> 'threshold')::double precision, $3::timestamptz, $4::timestamptz, event -> 'evidence'
  from incoming
  on conflict (lane, fingerprint, starts_at) do update set status = excluded.status, severity = excluded.severity, annotations = excluded.annotations,
    value = excluded.value, threshold = excluded.threshold, ends_at = excluded.ends_at, evidence = excluded.evidence, updated_at = now()
  returning id
), change as (
  insert into alert_events (lane, event_id, alert_id, status, event, source_topic, source_partition, source_offset)
  select $1, event ->> 'eventId', alert.id, event ->> 'status', event, $5, $6, $7 from incoming, alert
  returning event_id, alert_id, status
), planned as (
  insert into deliveries (lane, event_id, alert_id, fingerprint, status, receiver, message_id, state, finished_at)
  select $1, change.event_id, change.alert_id, incoming.event ->> 'fingerprint', change.status, target.receiver, $10,
    case when off.receiver is not null and target.state = 'pending' then 'disabled' else target.state end,
    case when off.receiver is not null or target.state <> 'pending' then now() end
  from incoming, change, unnest($8::text[], $9::text[]) as target (receiver, state)
  left join disabled_receivers off on off.lane = $1 and off.receiver = target.receiver
)
select event_id from change`;

/** A delivery waits for older ones of the same alert to the same receiver; whoever holds a row's lease sends it. $1 lane, $2 receiver, $3 limit, $4 owner, $5 lease ms, $6 also before it is due. */
export const CLAIM = `
with due as (
  select d.id, d.lease_owner is not null as possible_repeat
  from deliveries d
  where d.lane = $1 and d.receiver = $2 and d.state = 'pending' and ($6 or d.next_attempt_at <= clock_timestamp())
    and (d.lease_until is null or d.lease_until < clock_timestamp())
    and not exists (
      select from deliveries older
      where older.lane = d.lane and older.receiver = d.receiver and older.fingerprint = d.fingerprint and older.state = 'pending' and older.id < d.id)
  order by d.next_attempt_at, d.id
  limit $3
  for update of d skip locked
)
update deliveries d
set lease_owner = $4, lease_until = clock_timestamp() + $5 * interval '1 millisecond', attempts = d.attempts + 1
from due, alert_events e
where d.id = due.id and e.lane = d.lane and e.event_id = d.event_id
returning d.id, d.message_id, d.attempts, d.step, d.queued_at, due.possible_repeat, e.event`;

/** What has ended, oldest first. $1 lane, $2 receivers, $3 states, $4 ids or null, $5 from, $6 to, $7 limit. */
export const ENDED = `
select id, receiver, fingerprint, status, state from deliveries
where lane = $1 and receiver = any($2::text[]) and state = any($3::text[]) and ($4::bigint[] is null or id = any($4))
  and ($5::timestamptz is null or created_at >= $5) and ($6::timestamptz is null or created_at < $6)
order by id limit $7`;

/** The schedule begins anew; what was tried stays on record. $1 lane, $2 ids, $3 the states they were seen in. */
export const REQUEUE = `
update deliveries set state = 'pending', step = 0, next_attempt_at = clock_timestamp(), queued_at = clock_timestamp(), finished_at = null
where lane = $1 and id = any($2::bigint[]) and state = any($3::text[])`;

/** What waits is due now. $1 lane, $2 receiver. */
export const HASTEN = `
update deliveries set next_attempt_at = clock_timestamp()
where lane = $1 and receiver = $2 and state = 'pending' and lease_owner is null and next_attempt_at > clock_timestamp()`;

/** $1 lane, $2 receiver. */
export const NEXT_DUE = `
select (extract(epoch from min(greatest(next_attempt_at, coalesce(lease_until, next_attempt_at))) - clock_timestamp()) * 1000)::double precision as wait_ms
from deliveries where lane = $1 and receiver = $2 and state = 'pending'`;

/** $1 lane, $2 state, $3 receiver, $4 limit. */
export const DELIVERIES = `
select d.id, d.receiver, d.state, d.status, d.fingerprint, d.alert_id as "alertId", d.event_id as "eventId", d.message_id as "messageId", d.attempts,
  case when d.state = 'pending' then d.next_attempt_at end as "nextAttemptAt", d.last_error as "lastError", d.created_at as "createdAt", d.finished_at as "finishedAt",
  coalesce((
    select jsonb_agg(jsonb_build_object('attempt', a.attempt, 'startedAt', a.started_at, 'durationMs', a.duration_ms, 'outcome', a.outcome,
      'statusCode', a.status_code, 'error', a.error, 'responseExcerpt', a.response_excerpt, 'possibleRepeat', a.possible_repeat) order by a.attempt)
    from delivery_attempts a where a.delivery_id = d.id), '[]'::jsonb) as "attemptList"
from deliveries d
where d.lane = $1 and ($2::text is null or d.state = $2) and ($3::text is null or d.receiver = $3)
order by d.created_at desc, d.id desc
limit $4`;
