/** A delivery waits for older ones of the same group to the same integration; whoever holds a row's lease sends it. $1 lane, $2 integration, $3 limit, $4 owner, $5 lease ms, $6 also before it is due. */
export const CLAIM = `
with due as (
  select d.id, d.lease_owner is not null as possible_repeat
  from deliveries d
  where d.lane = $1 and d.integration = $2 and d.state = 'pending' and ($6 or d.next_attempt_at <= clock_timestamp())
    and (d.lease_until is null or d.lease_until < clock_timestamp())
    and not exists (
      select from deliveries older
      where older.lane = d.lane and older.integration = d.integration and older.group_hash = d.group_hash and older.state = 'pending' and older.id < d.id)
  order by d.next_attempt_at, d.id
  limit $3
  for update of d skip locked
)
update deliveries d
set lease_owner = $4, lease_until = clock_timestamp() + $5 * interval '1 millisecond', attempts = d.attempts + 1
from due where d.id = due.id
returning d.id, d.message_id, d.attempts, d.step, d.queued_at, due.possible_repeat, d.notice`;

/** $1 id, $2 state, $3 step or null, $4 next attempt (ms) or null, $5 error, $6 owner, $7 attempt. */
export const FINISH = `
update deliveries set state = $2, step = coalesce($3, step), next_attempt_at = coalesce(to_timestamp($4 / 1000.0), next_attempt_at),
  lease_owner = null, lease_until = null, last_error = $5, finished_at = case when $2 = 'pending' then null else now() end
where id = $1 and lease_owner = $6 and attempts = $7`;

/** $1 delivery, $2 attempt, $3 started (ms), $4 duration (ms), $5 outcome, $6 status, $7 error, $8 excerpt, $9 possible repeat. */
export const RECORD_ATTEMPT = `
insert into delivery_attempts (delivery_id, attempt, started_at, duration_ms, outcome, status_code, error, response_excerpt, possible_repeat)
values ($1, $2, to_timestamp($3 / 1000.0), $4, $5, $6, $7, $8, $9)`;

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

/** $1 lane, $2 integration. */
export const DISABLE_WAITING = `
update deliveries set state = 'disabled', last_error = 'the receiver is switched off', finished_at = now()
where lane = $1 and integration = $2 and state = 'pending' and lease_owner is null`;
