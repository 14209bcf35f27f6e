import type { PostgresPool } from '@millrace/stores';
import type { ClaimedDelivery, DeliveryQueue, DeliveryState, DisabledReceiver, FinishedAttempt, QueueDepth, Redelivered, RedeliveryQuery } from './delivery-queue.js';
import { CLAIM, DEPTHS, DISABLE, ENDED, FINISH, HASTEN, NEXT_DUE, REQUEUE, SWITCH_OFF_DEAD } from './delivery.sql.js';
import type { GroupNotice } from './message.js';

const REDELIVERED_AT_ONCE = 1_000;

interface ClaimedRow {
  readonly id: number;
  readonly message_id: string;
  readonly notice: GroupNotice;
  readonly attempts: number;
  readonly step: number;
  readonly queued_at: Date;
  readonly possible_repeat: boolean;
}

/** Deliveries and attempts of one lane in PostgreSQL. */
export class PostgresDeliveryQueue implements DeliveryQueue {
  constructor(
    private readonly pool: PostgresPool,
    private readonly lane: string,
  ) {}

  async hasten(integration: string): Promise<void> {
    await this.pool.execute(HASTEN, [this.lane, integration]);
  }

  async claim(integration: string, owner: string, limit: number, leaseMs: number, early: boolean): Promise<readonly ClaimedDelivery[]> {
    const rows = await this.pool.query<ClaimedRow>(CLAIM, [this.lane, integration, limit, owner, leaseMs, early]);
    return [...rows]
      .sort((left, right) => left.id - right.id)
      .map((row) => ({
        id: row.id,
        notice: { ...row.notice, id: row.message_id, test: false },
        attempt: row.attempts,
        step: row.step,
        queuedAt: row.queued_at.getTime(),
        possibleRepeat: row.possible_repeat,
      }));
  }

  async finish({ delivery, integration, owner, startedAt, durationMs, result, next }: FinishedAttempt): Promise<boolean> {
    const state: DeliveryState = result.outcome === 'retry' ? (next === null ? 'failed' : 'pending') : result.outcome;
    const outcome = result.outcome === 'retry' && next === null ? 'failed' : result.outcome;
    const touched = await this.pool.execute(FINISH, [
      delivery.id, state, next?.step ?? null, next?.at ?? null, result.error, owner, delivery.attempt, startedAt, Math.round(durationMs), outcome, result.statusCode, result.responseExcerpt, delivery.possibleRepeat,
    ]);
    if (result.outcome === 'disabled') await this.pool.execute(DISABLE, [this.lane, integration, result.error ?? 'told to stop']);
    return touched === 1;
  }

  async nextDueMs(integration: string): Promise<number | null> {
    const [row] = await this.pool.query<{ wait_ms: number | null }>(NEXT_DUE, [this.lane, integration]);
    return row?.wait_ms ?? null;
  }

  async depths(): Promise<readonly QueueDepth[]> {
    const rows = await this.pool.query<{ integration: string; pending: number; oldest: number }>(DEPTHS, [this.lane]);
    return rows.map(({ integration, pending, oldest }) => ({ integration, pending, oldestSeconds: oldest }));
  }

  async disabled(): Promise<readonly DisabledReceiver[]> {
    const rows = await this.pool.query<{ integration: string; reason: string; disabled_at: Date }>(
      'select integration, reason, disabled_at from disabled_receivers where lane = $1 order by integration',
      [this.lane],
    );
    return rows.map(({ integration, reason, disabled_at }) => ({ integration, reason, disabledAt: disabled_at }));
  }

  async switchOffDead(deadMs: number): Promise<readonly string[]> {
    const rows = await this.pool.query<{ integration: string }>(SWITCH_OFF_DEAD, [this.lane, deadMs]);
    return rows.map(({ integration }) => integration);
  }

  redeliver({ ids, integrations, states, from, to, dryRun }: RedeliveryQuery): Promise<{ readonly deliveries: readonly Redelivered[]; readonly more: boolean }> {
    return this.pool.transaction(async (session) => {
      const found = await session.query<Redelivered>(ENDED, [this.lane, integrations, states, ids ?? null, from ?? null, to ?? null, REDELIVERED_AT_ONCE + 1]);
      const deliveries = found.slice(0, REDELIVERED_AT_ONCE);
      if (!dryRun) await session.execute(REQUEUE, [this.lane, deliveries.map(({ id }) => id), states]);
      return { deliveries, more: found.length > deliveries.length };
    });
  }

  async enable(integrations: readonly string[]): Promise<boolean> {
    return (await this.pool.execute('delete from disabled_receivers where lane = $1 and integration = any($2::text[])', [this.lane, integrations])) > 0;
  }
}
