/**
 * A delivery waits for older ones of the same group to the same integration (asked for row by row and with `<=`: otherwise a planner that has not heard of a
 * flood yet reads the whole queue); whoever holds a row's lease sends it.
 * $1 lane, $2 integration, $3 limit, $4 owner, $5 lease ms, $6 also before it is due.
 */
export const CLAIM = `
with due as (
  select d.id, d.lease_owner is not null as possible_repeat
  from deliveries d
  where d.lane = $1 and d.integration = $2 and d.state = 'pending' and ($6 or d.next_attempt_at <= clock_timestamp())
    and (d.lease_until is null or d.lease_until < clock_timestamp())
    and d.id <= (
      select oldest.id from deliveries oldest
      where oldest.lane = d.lane and oldest.integration = d.integration and oldest.group_hash = d.group_hash and oldest.state = 'pending'
      order by oldest.id limit 1)
  order by d.next_attempt_at, d.id
  limit $3
  for update of d skip locked
)
update deliveries d
set lease_owner = $4, lease_until = clock_timestamp() + $5 * interval '1 millisecond', attempts = d.attempts + 1
from due where d.id = due.id
returning d.id, d.message_id, d.attempts, d.step, d.queued_at, due.possible_repeat, d.notice`;

/**
 * Records an attempt, and what it decides if the lease still holds; one statement, since it is one for each message. $1 delivery, $2 state, $3 step or
 * null, $4 next attempt (ms) or null, $5 error, $6 owner, $7 attempt, $8 started (ms), $9 duration (ms), $10 outcome, $11 status, $12 excerpt, $13 possible repeat.
 */
export const FINISH = `
with recorded as (
  insert into delivery_attempts (delivery_id, attempt, started_at, duration_ms, outcome, status_code, error, response_excerpt, possible_repeat)
  values ($1, $7, to_timestamp($8 / 1000.0), $9, $10, $11, $5, $12, $13)
)
update deliveries set state = $2, step = coalesce($3, step), next_attempt_at = coalesce(to_timestamp($4 / 1000.0), next_attempt_at),
  lease_owner = null, lease_until = null, last_error = $5, finished_at = case when $2 = 'pending' then null else now() end
where id = $1 and lease_owner = $6 and attempts = $7`;

/** What has ended, oldest first. $1 lane, $2 integrations, $3 states, $4 ids or null, $5 from, $6 to, $7 limit. */
export const ENDED = `
select id, integration, group_key as "groupKey", status, state from deliveries
where lane = $1 and integration = any($2::text[]) and state = any($3::text[]) and ($4::bigint[] is null or id = any($4))
  and ($5::timestamptz is null or created_at >= $5) and ($6::timestamptz is null or created_at < $6)
order by id limit $7`;

/** The schedule begins anew; what was tried stays on record. $1 lane, $2 ids, $3 the states they were seen in. */
export const REQUEUE = `
update deliveries set state = 'pending', step = 0, next_attempt_at = clock_timestamp(), queued_at = clock_timestamp(), finished_at = null
where lane = $1 and id = any($2::bigint[]) and state = any($3::text[])`;

/** What waits is due now. $1 lane, $2 integration. */
export const HASTEN = `
update deliveries set next_attempt_at = clock_timestamp()
where lane = $1 and integration = $2 and state = 'pending' and lease_owner is null and next_attempt_at > clock_timestamp()`;

/** $1 lane, $2 integration. */
export const NEXT_DUE = `
select (extract(epoch from min(greatest(next_attempt_at, coalesce(lease_until, next_attempt_at))) - clock_timestamp()) * 1000)::double precision as wait_ms
from deliveries where lane = $1 and integration = $2 and state = 'pending'`;

/** $1 lane. */
export const DEPTHS = `
select integration, count(*) as pending, extract(epoch from now() - min(queued_at))::double precision as oldest
from deliveries where lane = $1 and state = 'pending' group by integration`;

/** $1 lane, $2 integration, $3 reason. */
export const DISABLE = `
with off as (insert into disabled_receivers (lane, integration, reason) values ($1, $2, $3) on conflict do nothing)
update deliveries set state = 'disabled', last_error = 'the receiver is switched off', finished_at = now()
where lane = $1 and integration = $2 and state = 'pending' and lease_owner is null`;

/** Asked in vain from before then until lately, and nothing taken in between. $1 lane, $2 how long, ms. */
export const SWITCH_OFF_DEAD = `
with tried as (
  select d.integration, max(a.started_at) filter (where a.outcome = 'delivered') as taken_at, array_agg(a.started_at) filter (where a.outcome <> 'delivered') as vain
  from delivery_attempts a join deliveries d on d.id = a.delivery_id where d.lane = $1 group by d.integration
), dead as (
  select integration from tried, lateral (select min(at) as first_at, max(at) as last_at from unnest(vain) as at where taken_at is null or at > taken_at) failing
  where last_at - first_at >= $2 * interval '1 millisecond'
), off as (
  insert into disabled_receivers (lane, integration, reason)
  select $1, integration, 'it took nothing for ' || round(($2 / 86400000.0)::numeric, 1) || ' days' from dead
  on conflict do nothing returning integration
), ended as (
  update deliveries set state = 'disabled', last_error = 'the receiver is switched off', finished_at = now()
  from off where deliveries.lane = $1 and deliveries.integration = off.integration and deliveries.state = 'pending' and deliveries.lease_owner is null
)
select integration from off`;
