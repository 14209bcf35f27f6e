import type { PostgresPool } from '@millrace/stores';
import type { DeliveryState } from '../delivery/delivery-queue.js';

const ALERTS = `
select id, fingerprint, rule, severity, status, labels, annotations, value, threshold, starts_at as "startsAt", ends_at as "endsAt",
  evidence, updated_at as "updatedAt", lane
from alerts where lane = $1 and ($2::text is null or status = $2) order by updated_at desc, id desc limit $3`;

const DELIVERIES = `
select d.id, d.receiver, d.integration, d.state, d.status, d.group_key as "groupKey", d.fingerprints, d.message_id as "messageId", d.attempts,
  case when d.state = 'pending' then d.next_attempt_at end as "nextAttemptAt", d.last_error as "lastError", d.created_at as "createdAt", d.finished_at as "finishedAt",
  coalesce((
    select jsonb_agg(jsonb_build_object('attempt', a.attempt, 'startedAt', a.started_at, 'durationMs', a.duration_ms, 'outcome', a.outcome,
      'statusCode', a.status_code, 'error', a.error, 'responseExcerpt', a.response_excerpt, 'possibleRepeat', a.possible_repeat) order by a.attempt)
    from delivery_attempts a where a.delivery_id = d.id), '[]'::jsonb) as "attemptList"
from deliveries d
where d.lane = $1 and ($2::text is null or d.state = $2) and ($3::text is null or d.receiver = $3) and ($4::text is null or d.fingerprints @> array[$4])
order by d.created_at desc, d.id desc
limit $5`;

export interface DeliveryQuery {
  readonly state: DeliveryState | null;
  readonly receiver: string | null;
  /** Of an alert. */
  readonly fingerprint: string | null;
  readonly limit: number;
}

/** What was alerted and delivered in a lane, newest first. Throws `StoreError`s. */
export class AlertHistory {
  constructor(
    private readonly pool: PostgresPool,
    private readonly lane: string,
  ) {}

  alerts(status: 'FIRING' | 'RESOLVED' | null, limit: number): Promise<readonly unknown[]> {
    return this.pool.query(ALERTS, [this.lane, status, limit]);
  }

  deliveries({ state, receiver, fingerprint, limit }: DeliveryQuery): Promise<readonly unknown[]> {
    return this.pool.query(DELIVERIES, [this.lane, state, receiver, fingerprint, limit]);
  }
}
