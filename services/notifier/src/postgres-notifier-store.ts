import type { AlertEvent } from '@millrace/contracts';
import type { PostgresPool, PostgresSession } from '@millrace/stores';
import type { PlannedAlert } from './alert-intake.js';
import type { ClaimedDelivery, DeliveryState, DisabledReceiver, FinishedAttempt, HistoryQuery, NotifierStore, QueueDepth, Redelivered, RedeliveryQuery } from './notifier-store.js';
import { ACCEPT_ALERT, CLAIM, DELIVERIES, ENDED, HASTEN, NEXT_DUE, REQUEUE } from './notifier.sql.js';

const REDELIVERED_AT_ONCE = 1_000;

interface ClaimedRow {
  readonly id: number;
  readonly message_id: string;
  readonly event: AlertEvent;
  readonly attempts: number;
  readonly step: number;
  readonly queued_at: Date;
  readonly possible_repeat: boolean;
}

/** Alerts, deliveries and attempts of one lane in PostgreSQL, which is the queue as well. */
export class PostgresNotifierStore implements NotifierStore {
  constructor(
    private readonly pool: PostgresPool,
    private readonly lane: string,
  ) {}

  accept(alerts: readonly PlannedAlert[]): Promise<number> {
    return this.pool.transaction(async (session) => {
      let fresh = 0;
      for (const alert of alerts) fresh += (await this.#acceptOne(session, alert)) ? 1 : 0;
      return fresh;
    });
  }

  async hasten(receiver: string): Promise<void> {
    await this.pool.execute(HASTEN, [this.lane, receiver]);
  }

  async claim(receiver: string, owner: string, limit: number, leaseMs: number, early: boolean): Promise<readonly ClaimedDelivery[]> {
    const rows = await this.pool.query<ClaimedRow>(CLAIM, [this.lane, receiver, limit, owner, leaseMs, early]);
    return [...rows]
      .sort((left, right) => left.id - right.id)
      .map((row) => ({
        id: row.id,
        messageId: row.message_id,
        event: row.event,
        attempt: row.attempts,
        step: row.step,
        queuedAt: row.queued_at.getTime(),
        possibleRepeat: row.possible_repeat,
      }));
  }

  finish(attempt: FinishedAttempt): Promise<boolean> {
    return this.pool.transaction(async (session) => {
      await this.#record(session, attempt);
      const { delivery, result, next, owner } = attempt;
      const state: DeliveryState = result.outcome === 'retry' ? (next === null ? 'failed' : 'pending') : result.outcome;
      const touched = await session.execute(
        `update deliveries set state = $2, step = coalesce($3, step), next_attempt_at = coalesce(to_timestamp($4 / 1000.0), next_attempt_at),
           lease_owner = null, lease_until = null, last_error = $5, finished_at = case when $2 = 'pending' then null else now() end
         where id = $1 and lease_owner = $6 and attempts = $7`,
        [delivery.id, state, next?.step ?? null, next?.at ?? null, result.error, owner, delivery.attempt],
      );
      if (result.outcome === 'disabled') await this.#disable(session, attempt);
      return touched === 1;
    });
  }

  async nextDueMs(receiver: string): Promise<number | null> {
    const [row] = await this.pool.query<{ wait_ms: number | null }>(NEXT_DUE, [this.lane, receiver]);
    return row?.wait_ms ?? null;
  }

  async depths(): Promise<readonly QueueDepth[]> {
    const rows = await this.pool.query<{ receiver: string; pending: number; oldest: number }>(
      `select receiver, count(*) as pending, extract(epoch from now() - min(queued_at))::double precision as oldest
       from deliveries where lane = $1 and state = 'pending' group by receiver`,
      [this.lane],
    );
    return rows.map(({ receiver, pending, oldest }) => ({ receiver, pending, oldestSeconds: oldest }));
  }

  async disabled(): Promise<readonly DisabledReceiver[]> {
    const rows = await this.pool.query<{ receiver: string; reason: string; disabled_at: Date }>(
      'select receiver, reason, disabled_at from disabled_receivers where lane = $1 order by receiver',
      [this.lane],
    );
    return rows.map(({ receiver, reason, disabled_at }) => ({ receiver, reason, disabledAt: disabled_at }));
  }

  redeliver({ ids, receivers, states, from, to, dryRun }: RedeliveryQuery): Promise<{ readonly deliveries: readonly Redelivered[]; readonly more: boolean }> {
    return this.pool.transaction(async (session) => {
      const found = await session.query<Redelivered>(ENDED, [this.lane, receivers, states, ids ?? null, from ?? null, to ?? null, REDELIVERED_AT_ONCE + 1]);
      const deliveries = found.slice(0, REDELIVERED_AT_ONCE);
      if (!dryRun) await session.execute(REQUEUE, [this.lane, deliveries.map(({ id }) => id), states]);
      return { deliveries, more: found.length > deliveries.length };
    });
  }

  async enable(receiver: string): Promise<boolean> {
    return (await this.pool.execute('delete from disabled_receivers where lane = $1 and receiver = $2', [this.lane, receiver])) > 0;
  }

  alerts(status: 'FIRING' | 'RESOLVED' | null, limit: number): Promise<readonly unknown[]> {
    return this.pool.query(
      `select id, fingerprint, rule, severity, status, labels, annotations, value, threshold, starts_at as "startsAt", ends_at as "endsAt",
         evidence, updated_at as "updatedAt", lane
       from alerts where lane = $1 and ($2::text is null or status = $2) order by updated_at desc, id desc limit $3`,
      [this.lane, status, limit],
    );
  }

  deliveries(state: DeliveryState | null, { receiver, limit }: HistoryQuery): Promise<readonly unknown[]> {
    return this.pool.query(DELIVERIES, [this.lane, state, receiver, limit]);
  }

  async #acceptOne(session: PostgresSession, { event, position, deliveries }: PlannedAlert): Promise<boolean> {
    const rows = await session.query(ACCEPT_ALERT, [
      this.lane,
      JSON.stringify(event),
      new Date(event.startsAt),
      event.endsAt === null ? null : new Date(event.endsAt),
      position.topic,
      position.partition,
      position.offset,
      deliveries.map(({ receiver }) => receiver),
      deliveries.map(({ state }) => state),
      `msg_${event.eventId}`,
    ]);
    return rows.length > 0;
  }

  async #record(session: PostgresSession, { delivery, startedAt, durationMs, result, next }: FinishedAttempt): Promise<void> {
    const outcome = result.outcome === 'retry' && next === null ? 'failed' : result.outcome;
    await session.execute(
      `insert into delivery_attempts (delivery_id, attempt, started_at, duration_ms, outcome, status_code, error, response_excerpt, possible_repeat)
       values ($1, $2, to_timestamp($3 / 1000.0), $4, $5, $6, $7, $8, $9)`,
      [delivery.id, delivery.attempt, startedAt, Math.round(durationMs), outcome, result.statusCode, result.error, result.responseExcerpt, delivery.possibleRepeat],
    );
  }

  async #disable(session: PostgresSession, { receiver, result }: FinishedAttempt): Promise<void> {
    await session.execute('insert into disabled_receivers (lane, receiver, reason) values ($1, $2, $3) on conflict do nothing', [this.lane, receiver, result.error ?? 'told to stop']);
    await session.execute(
      `update deliveries set state = 'disabled', last_error = 'the receiver is switched off', finished_at = now()
       where lane = $1 and receiver = $2 and state = 'pending' and lease_owner is null`,
      [this.lane, receiver],
    );
  }
}
