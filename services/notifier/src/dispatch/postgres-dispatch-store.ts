import { randomUUID } from 'node:crypto';
import type { AlertEvidence } from '@millrace/contracts';
import type { PostgresPool, PostgresSession } from '@millrace/stores';
import { statusOf, type GroupNotice } from '../delivery/message.js';
import { outageOf, type Alert } from '../grouping/alert.js';
import type { Logged } from '../grouping/dispatcher.js';
import type { Labels } from '../routing/labels.js';
import { readSilences } from '../silences/silence-row.js';
import { LeaseLostError, type Decided, type DispatchStore, type Inbox, type Lease, type PeopleWants, type PlannedDelivery } from './dispatch-store.js';
import * as sql from './dispatch.sql.js';
import { restored, stored, type StoredAlert, type ToldAlert } from './told-alert.js';

const FORGOTTEN_AT_ONCE = 5_000;

interface HeldRow {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly value: number | null;
  readonly threshold: number | null;
  readonly evidence: readonly AlertEvidence[];
  readonly starts_at: Date;
  readonly first_starts_at: Date;
  readonly ends_at: Date | null;
  readonly is_timeout: boolean;
  readonly is_decided: boolean;
  readonly generator_url: string;
  readonly updated_at: Date;
}

interface WaitingDelivery {
  readonly id: number;
  readonly integration: string;
  readonly group_key: string;
  readonly notice: GroupNotice;
}

/** A lane's alerts, notification log and deliveries in PostgreSQL. */
export class PostgresDispatchStore implements DispatchStore {
  #peopleVersion = -1;

  constructor(
    private readonly pool: PostgresPool,
    private readonly lane: string,
  ) {}

  accept(told: readonly ToldAlert[]): Promise<number> {
    const rows = told.map(({ eventId, alert, position }) => ({
      event_id: eventId, fingerprint: alert.fingerprint, alert: stored(alert), topic: position?.topic ?? null, partition: position?.partition ?? null, offset: position?.offset ?? null,
    }));
    return this.pool.execute(sql.ACCEPT, [this.lane, JSON.stringify(rows)]);
  }

  async acquire(owner: string, leaseMs: number): Promise<Lease | null> {
    const [row] = await this.pool.query<{ fence: number }>(sql.ACQUIRE, [this.lane, owner, leaseMs]);
    this.#peopleVersion = -1;
    return row === undefined ? null : { owner, fence: row.fence };
  }

  async release({ owner, fence }: Lease): Promise<void> {
    await this.pool.execute(sql.RELEASE, [this.lane, owner, fence]);
  }

  async restore(): Promise<{ readonly alerts: readonly Alert[]; readonly log: readonly Logged[] }> {
    const [alerts, log] = await Promise.all([
      this.held(),
      this.pool.query<{ group_key: string; integration: string; firing: string[]; resolved: string[]; notified_at: Date }>(sql.LOG, [this.lane]),
    ]);
    return {
      alerts,
      log: log.map(({ group_key, integration, firing, resolved, notified_at }) => ({
        groupKey: group_key, integration, entry: { firing: new Set(firing), resolved: new Set(resolved), at: notified_at.getTime() },
      })),
    };
  }

  async held(): Promise<readonly Alert[]> {
    return (await this.pool.query<HeldRow>(sql.HELD, [this.lane])).map(heldAlert);
  }

  async hasNews({ owner, fence }: Lease): Promise<boolean> {
    const [row] = await this.pool.query<{ news: boolean }>(sql.HAS_NEWS, [this.lane, owner, fence, this.#peopleVersion]);
    return row?.news ?? true;
  }

  async round(lease: Lease, { leaseMs, limit }: { readonly leaseMs: number; readonly limit: number }, decide: (inbox: Inbox) => Decided): Promise<void> {
    const version = await this.pool.transaction(async (session) => {
      const [renewed] = await session.query<{ people_version: number }>(sql.RENEW, [this.lane, lease.owner, lease.fence, leaseMs]);
      if (renewed === undefined) throw new LeaseLostError('another notifier dispatches this lane');
      const events = await session.query<{ id: number; alert: StoredAlert }>(sql.WAITING, [this.lane, limit]);
      const people = renewed.people_version === this.#peopleVersion ? null : await this.#people(session);
      await this.#write(session, lease, decide({ events: events.map(({ id, alert }) => ({ id, alert: restored(alert) })), people }));
      return renewed.people_version;
    });
    this.#peopleVersion = version;
  }

  async forget(before: Date): Promise<number> {
    let gone = 0;
    for (const statement of sql.FORGET) {
      let found = FORGOTTEN_AT_ONCE;
      for (; found === FORGOTTEN_AT_ONCE; gone += found) found = await this.pool.execute(statement, [this.lane, before, FORGOTTEN_AT_ONCE]);
    }
    return gone;
  }

  async #people(session: PostgresSession): Promise<PeopleWants> {
    const silences = readSilences(await session.query(sql.SILENCES, [this.lane]));
    const outages = await session.query<{ fingerprint: string; first_starts_at: Date }>(sql.ACKNOWLEDGED, [this.lane]);
    return { silences, acknowledged: outages.map(({ fingerprint, first_starts_at }) => outageOf({ fingerprint, firstStartsAt: first_starts_at.getTime() })) };
  }

  async #write(session: PostgresSession, { fence }: Lease, { alerts, taken, forgotten, logged, deliveries, muted }: Decided): Promise<void> {
    if (alerts.length > 0) await session.execute(sql.PUT_ALERTS, [this.lane, JSON.stringify(alerts.map(alertRow))]);
    if (muted.length > 0) {
      const rows = muted.map(({ alert, receiver, reason, by, at }) => ({ fingerprint: alert.fingerprint, first_starts_at: alert.firstStartsAt, receiver, reason, muted_by: by, at }));
      await session.execute(sql.PUT_MUTINGS, [this.lane, JSON.stringify(rows)]);
    }
    if (taken.length + forgotten.length > 0) await session.execute(sql.TAKE_EVENTS, [this.lane, taken, forgotten]);
    const put = logged.flatMap(({ groupKey, integration, entry }) => (entry === null ? [] : [{ group_key: groupKey, integration, firing: [...entry.firing], resolved: [...entry.resolved], at: entry.at }]));
    const gone = logged.filter(({ entry }) => entry === null);
    if (put.length > 0) await session.execute(sql.PUT_LOG, [this.lane, JSON.stringify(put)]);
    if (gone.length > 0) await session.execute(sql.CLEAR_LOG, [this.lane, gone.map(({ groupKey }) => groupKey), gone.map(({ integration }) => integration)]);
    if (deliveries.length > 0) await this.#queue(session, fence, deliveries);
    await session.execute(sql.TIME_OUT, [this.lane]);
  }

  /** What a group says next takes the place of what still waits; who was to hear of an end there hears of it here. */
  async #queue(session: PostgresSession, fence: number, planned: readonly PlannedDelivery[]): Promise<void> {
    const waiting = await session.query<WaitingDelivery>(sql.STILL_WAITING, [this.lane, planned.map(({ notice }) => notice.groupKey), planned.map(({ integration }) => integration)]);
    if (waiting.length > 0) await session.execute(sql.REPLACE, [waiting.map(({ id }) => id)]);
    const byGroup = Map.groupBy(waiting, (one) => `${one.integration}\n${one.group_key}`);
    const rows = planned.map(({ integration, notice: next, isLive }) => {
      const notice = (byGroup.get(`${integration}\n${next.groupKey}`) ?? []).reduce((sum, one) => withEndsOf(sum, one.notice), next);
      return {
        receiver: notice.receiver, integration, group_key: notice.groupKey, notice, fingerprints: notice.alerts.map(({ fingerprint }) => fingerprint),
        status: statusOf(notice).toUpperCase(), message_id: `msg_${randomUUID()}`, live: isLive,
      };
    });
    await session.execute(sql.QUEUE, [this.lane, fence, JSON.stringify(rows)]);
  }
}

function withEndsOf(next: GroupNotice, before: GroupNotice): GroupNotice {
  const known = new Set(next.alerts.map(({ fingerprint }) => fingerprint));
  return { ...next, alerts: [...next.alerts, ...before.alerts.filter(({ status, fingerprint }) => status === 'resolved' && !known.has(fingerprint))] };
}

function alertRow({ alert, isHeld, isResolved }: Decided['alerts'][number]): unknown {
  const { fingerprint, labels, annotations, startsAt, firstStartsAt, endsAt, isTimeout, updatedAt, generatorUrl, decision } = alert;
  return {
    fingerprint, labels, annotations, rule: labels['alertname'] ?? '', severity: labels['severity'] ?? '', status: isResolved ? 'RESOLVED' : 'FIRING',
    value: decision?.value ?? null, threshold: decision?.threshold ?? null, evidence: decision?.evidence ?? [], is_decided: decision !== null,
    starts_at: startsAt, first_starts_at: firstStartsAt, ends_at: Number.isFinite(endsAt) ? endsAt : null, is_timeout: isTimeout,
    generator_url: generatorUrl, held: isHeld, updated_at: updatedAt,
  };
}

function heldAlert(row: HeldRow): Alert {
  return {
    fingerprint: row.fingerprint,
    labels: row.labels,
    annotations: row.annotations,
    startsAt: row.starts_at.getTime(),
    firstStartsAt: row.first_starts_at.getTime(),
    endsAt: row.ends_at?.getTime() ?? Number.POSITIVE_INFINITY,
    isTimeout: row.is_timeout,
    updatedAt: row.updated_at.getTime(),
    generatorUrl: row.generator_url,
    decision: row.is_decided ? { value: row.value, threshold: row.threshold, evidence: row.evidence } : null,
  };
}
