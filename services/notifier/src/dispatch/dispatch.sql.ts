/** $1 lane, $2 [{event_id, fingerprint, alert, topic, partition, offset}]. */
export const ACCEPT = `
insert into alert_events (lane, event_id, fingerprint, alert, source_topic, source_partition, source_offset)
select $1, event_id, fingerprint, alert, topic, "partition", "offset"
from jsonb_to_recordset($2::jsonb) as told (event_id text, fingerprint text, alert jsonb, topic text, "partition" integer, "offset" bigint)
on conflict (lane, event_id) do nothing`;

/** $1 lane, $2 owner, $3 lease ms. */
export const ACQUIRE = `
insert into dispatchers (lane, owner, fence, lease_until) values ($1, $2, 1, clock_timestamp() + $3 * interval '1 millisecond')
on conflict (lane) do update set owner = excluded.owner, fence = dispatchers.fence + 1, lease_until = excluded.lease_until
where dispatchers.lease_until < clock_timestamp() or dispatchers.owner = excluded.owner
returning fence`;

/** $1 lane, $2 owner, $3 fence. */
export const RELEASE = 'update dispatchers set lease_until = clock_timestamp() where lane = $1 and owner = $2 and fence = $3';

/** The row stays locked until the round ends; one that is frozen in it loses its session with the lease. $1 lane, $2 owner, $3 fence, $4 lease ms. */
export const RENEW = `
with renewed as (
  update dispatchers set lease_until = clock_timestamp() + $4 * interval '1 millisecond' where lane = $1 and owner = $2 and fence = $3 returning people_version
)
select people_version, set_config('idle_in_transaction_session_timeout', $4::text, true) from renewed`;

/** $1 lane, $2 owner, $3 fence, $4 version of what people want. */
export const HAS_NEWS = `
select exists (select from alert_events where lane = $1 and taken_at is null)
  or not exists (select from dispatchers where lane = $1 and owner = $2 and fence = $3 and people_version = $4) as news`;

/** $1 lane, $2 limit. */
export const WAITING = 'select id, alert from alert_events where lane = $1 and taken_at is null order by id limit $2';

/** $1 lane. */
export const HELD = `
select fingerprint, labels, annotations, value, threshold, evidence, starts_at, first_starts_at, ends_at, is_timeout, is_decided, generator_url, updated_at
from alerts where lane = $1 and held`;

/** $1 lane. */
export const LOG = 'select group_key, integration, firing, resolved, notified_at from notification_log where lane = $1';

/** $1 lane. */
export const SILENCES = 'select id, matchers, starts_at as "startsAt", ends_at as "endsAt" from silences where lane = $1 and ends_at > now()';

/** Outages that somebody has taken on. $1 lane. */
export const ACKNOWLEDGED = `
select fingerprint, first_starts_at from (
  select distinct on (done.fingerprint, done.first_starts_at) done.fingerprint, done.first_starts_at, done.action
  from alert_actions done join alerts on alerts.lane = done.lane and alerts.fingerprint = done.fingerprint and alerts.first_starts_at = done.first_starts_at
  where done.lane = $1 and alerts.held and done.action in ('acknowledged', 'unacknowledged')
  order by done.fingerprint, done.first_starts_at, done.id desc) latest
where action = 'acknowledged'`;

/** $1 lane, $2 alerts. */
export const PUT_ALERTS = `
insert into alerts (lane, fingerprint, first_starts_at, rule, severity, status, labels, annotations, value, threshold, starts_at, ends_at, evidence,
  is_timeout, generator_url, is_decided, held, updated_at)
select $1, fingerprint, to_timestamp(first_starts_at / 1000.0), rule, severity, status, labels, annotations, value, threshold, to_timestamp(starts_at / 1000.0),
  to_timestamp(ends_at / 1000.0), evidence, is_timeout, generator_url, is_decided, held, to_timestamp(updated_at / 1000.0)
from jsonb_to_recordset($2::jsonb) as alert (fingerprint text, first_starts_at double precision, rule text, severity text, status text, labels jsonb,
  annotations jsonb, value double precision, threshold double precision, starts_at double precision, ends_at double precision, evidence jsonb,
  is_timeout boolean, generator_url text, is_decided boolean, held boolean, updated_at double precision)
on conflict (lane, fingerprint, first_starts_at) do update set severity = excluded.severity, status = excluded.status, annotations = excluded.annotations,
  value = excluded.value, threshold = excluded.threshold, starts_at = excluded.starts_at, ends_at = excluded.ends_at, evidence = excluded.evidence,
  is_timeout = excluded.is_timeout, generator_url = excluded.generator_url, held = excluded.held, updated_at = excluded.updated_at`;

/** What nobody has told again in time. $1 lane. */
export const TIME_OUT = `update alerts set status = 'RESOLVED' where lane = $1 and held and status = 'FIRING' and ends_at <= clock_timestamp()`;

/** $1 lane, $2 ids taken, $3 ids forgotten. */
export const TAKE_EVENTS = `
with forgotten as (delete from alert_events where lane = $1 and id = any($3::bigint[]))
update alert_events set taken_at = clock_timestamp() where lane = $1 and id = any($2::bigint[])`;

/** $1 lane, $2 [{group_key, integration, firing, resolved, at}]. */
export const PUT_LOG = `
insert into notification_log (lane, group_key, integration, firing, resolved, notified_at)
select $1, group_key, integration, firing, resolved, to_timestamp(at / 1000.0)
from jsonb_to_recordset($2::jsonb) as entry (group_key text, integration text, firing text[], resolved text[], at double precision)
on conflict (lane, group_hash, integration) do update set firing = excluded.firing, resolved = excluded.resolved, notified_at = excluded.notified_at`;

/** $1 lane, $2 [{fingerprint, first_starts_at, receiver, reason, muted_by, at}]. */
export const PUT_MUTINGS = `
insert into alert_mutings (lane, fingerprint, first_starts_at, receiver, reason, muted_by, since)
select $1, fingerprint, to_timestamp(first_starts_at / 1000.0), receiver, reason, muted_by, to_timestamp(at / 1000.0)
from jsonb_to_recordset($2::jsonb) as muting (fingerprint text, first_starts_at double precision, receiver text, reason text, muted_by text, at double precision)
on conflict do nothing`;

/** $1 lane, $2 group keys, $3 integrations. */
export const CLEAR_LOG = `
delete from notification_log log using unnest($2::text[], $3::text[]) as gone (group_key, integration)
where log.lane = $1 and log.group_hash = md5(gone.group_key) and log.integration = gone.integration`;

/** Deliveries of those groups that wait, but for those whose attempt was cut: the receiver may have had them. $1 lane, $2 group keys, $3 integrations. */
export const STILL_WAITING = `
select d.id, d.integration, d.group_key, d.notice
from deliveries d join unnest($2::text[], $3::text[]) as next (group_key, integration) on d.group_hash = md5(next.group_key) and d.integration = next.integration
where d.lane = $1 and d.state = 'pending' and d.lease_owner is null
order by d.id for update of d`;

/** $1 ids. */
export const REPLACE = `update deliveries set state = 'replaced', finished_at = now() where id = any($1::bigint[])`;

/** $1 lane, $2 fence, $3 deliveries. */
export const QUEUE = `
insert into deliveries (lane, fence, receiver, integration, group_key, notice, fingerprints, status, message_id, state, finished_at)
select $1, $2, next.receiver, next.integration, next.group_key, next.notice, next.fingerprints, next.status, next.message_id,
  case when not next.live then 'suppressed' when off.integration is not null then 'disabled' else 'pending' end,
  case when not next.live or off.integration is not null then now() end
from jsonb_to_recordset($3::jsonb) as next (receiver text, integration text, group_key text, notice jsonb, fingerprints text[], status text, message_id text, live boolean)
left join disabled_receivers off on off.lane = $1 and off.integration = next.integration`;

/** What has ended before $2; a bit at a time, so that nobody waits for it. $1 lane, $3 limit. */
export const FORGET: readonly string[] = [
  'delete from deliveries where id in (select id from deliveries where lane = $1 and finished_at < $2 limit $3)',
  'delete from alert_events where id in (select id from alert_events where lane = $1 and taken_at < $2 limit $3)',
  "delete from alerts where id in (select id from alerts where lane = $1 and not held and status = 'RESOLVED' and updated_at < $2 limit $3)",
  'delete from alert_actions where id in (select id from alert_actions where lane = $1 and acted_at < $2 limit $3)',
  'delete from alert_mutings where ctid in (select ctid from alert_mutings where lane = $1 and since < $2 limit $3)',
  'delete from silences where id in (select id from silences where lane = $1 and ends_at < $2 limit $3)',
  'delete from slack_messages where (lane, integration, group_hash) in (select lane, integration, group_hash from slack_messages where lane = $1 and posted_at < $2 limit $3)',
  // Of groups that are no more: what fires is told again and again, which is noted.
  'delete from notification_log where (lane, group_hash, integration) in (select lane, group_hash, integration from notification_log where lane = $1 and notified_at < $2 limit $3)',
];
