import type { PostgresPool, PostgresSession } from '@millrace/stores';
import type { DeskStore, Label, Truth } from './desk-store.js';
import type { DriftBook } from './drift.book.js';
import type { ScoredOrder } from './scored-order.js';

// Every statement takes its rows in the order of their ids, so that writers of the same orders wait for each other and never in a circle.

const WRITE_SCORES = `
insert into fraud_orders as held (lane, order_id, customer_id, score, model_score, decision, rules_hit, entity_ids, total_minor, currency, occurred_at, scored_at,
  flagged_at, revision, versions, degraded, score_partition, score_offset)
select $1, new.* from json_to_recordset($2::json) as new (order_id text, customer_id text, score float8, model_score float8, decision text, rules_hit text[], entity_ids text[],
  total_minor bigint, currency text, occurred_at timestamptz, scored_at timestamptz, flagged_at timestamptz, revision bigint, versions jsonb, degraded boolean,
  score_partition integer, score_offset bigint)
order by new.order_id
on conflict (lane, order_id) do update set
  customer_id = excluded.customer_id, score = excluded.score, model_score = excluded.model_score, decision = excluded.decision, rules_hit = excluded.rules_hit,
  entity_ids = excluded.entity_ids, total_minor = excluded.total_minor, currency = excluded.currency, occurred_at = excluded.occurred_at,
  scored_at = excluded.scored_at, flagged_at = least(held.flagged_at, excluded.flagged_at), revision = excluded.revision, versions = excluded.versions,
  degraded = excluded.degraded, score_partition = excluded.score_partition, score_offset = excluded.score_offset
where held.revision is null or excluded.revision > held.revision
returning order_id`;

const WRITE_TRUTH = `
insert into fraud_orders as held (lane, order_id, truth_fraud, truth_scenario, truth_at)
select $1, new.* from json_to_recordset($2::json) as new (order_id text, truth_fraud boolean, truth_scenario text, truth_at timestamptz)
order by new.order_id
on conflict (lane, order_id) do update set truth_fraud = excluded.truth_fraud, truth_scenario = excluded.truth_scenario, truth_at = excluded.truth_at
where held.truth_fraud is null`;

const MAKE_ROWS = `
insert into fraud_orders (lane, order_id) select $1, id from unnest($2::text[]) as ids (id) order by id on conflict do nothing`;
const LOCK_ROWS = 'select 1 from fraud_orders where lane = $1 and order_id = any ($2::text[]) order by order_id for update';

const WRITE_LABELS = `
insert into fraud_labels (lane, event_id, order_id, kind, fraud, occurred_at, decided_by)
select $1, new.* from json_to_recordset($2::json) as new (event_id text, order_id text, kind text, fraud boolean, occurred_at timestamptz, decided_by text)
order by new.event_id
on conflict do nothing`;

/** Of each kind the latest label stands; the order is labelled fraud where one that stands says so. */
const SUM_UP_LABELS = `
with standing as (
  select distinct on (order_id, kind) order_id, kind, fraud from fraud_labels
  where lane = $1 and order_id = any ($2::text[]) order by order_id, kind, occurred_at desc, event_id collate "C" desc
), frauds as (
  select distinct on (order_id) order_id, kind, l.occurred_at from fraud_labels l join standing using (order_id, kind)
  where l.lane = $1 and l.fraud and standing.fraud order by order_id, l.occurred_at, l.event_id collate "C"
), summary as (
  select s.order_id, bool_or(s.fraud) as fraud, min(f.occurred_at) as at, min(f.kind) as kind from standing s left join frauds f using (order_id) group by s.order_id
)
update fraud_orders o set labelled_fraud = summary.fraud, fraud_label_at = summary.at, fraud_label_kind = summary.kind
from summary where o.lane = $1 and o.order_id = summary.order_id`;

/** The table `fraud_orders` of one lane and what hangs on it. */
export class PostgresDeskStore implements DeskStore {
  constructor(
    private readonly pool: PostgresPool,
    private readonly lane: string,
    private readonly drift: DriftBook,
  ) {}

  async writeScores(scores: readonly ScoredOrder[]): Promise<number> {
    if (scores.length === 0) return 0;
    const { changed, waiting } = await this.pool.transaction(async (session) => {
      const rows = await session.query<{ order_id: string }>(WRITE_SCORES, [this.lane, JSON.stringify(scores.map(scoreRow))]);
      const orders = new Set(rows.map(({ order_id }) => order_id));
      return { changed: orders.size, waiting: await this.drift.record(session, scores.filter(({ orderId }) => orders.has(orderId))) };
    });
    for (const version of waiting) await this.drift.complete(this.pool, version);
    return changed;
  }

  async writeLabels(labels: readonly Label[]): Promise<number> {
    if (labels.length === 0) return 0;
    return this.pool.transaction((session) => this.#writeLabels(session, labels));
  }

  writeTruth(truths: readonly Truth[]): Promise<number> {
    const first = new Map<string, Truth>();
    for (const truth of truths) if (!first.has(truth.orderId)) first.set(truth.orderId, truth);
    if (first.size === 0) return Promise.resolve(0);
    const rows = [...first.values()].map(({ orderId, fraud, scenario, occurredAt }) => ({
      order_id: orderId, truth_fraud: fraud, truth_scenario: scenario, truth_at: iso(occurredAt),
    }));
    return this.pool.execute(WRITE_TRUTH, [this.lane, JSON.stringify(rows)]);
  }

  async #writeLabels(session: PostgresSession, labels: readonly Label[]): Promise<number> {
    const orders = [...new Set(labels.map(({ orderId }) => orderId))];
    // The sum of an order's labels is made by one writer at a time: the next one sees what this one wrote.
    await session.execute(MAKE_ROWS, [this.lane, orders]);
    await session.query(LOCK_ROWS, [this.lane, orders]);
    const rows = labels.map(({ eventId, orderId, kind, fraud, occurredAt, decidedBy }) => ({
      event_id: eventId, order_id: orderId, kind, fraud, occurred_at: iso(occurredAt), decided_by: decidedBy,
    }));
    const fresh = await session.execute(WRITE_LABELS, [this.lane, JSON.stringify(rows)]);
    if (fresh > 0) await session.execute(SUM_UP_LABELS, [this.lane, orders]);
    return fresh;
  }
}

function scoreRow(order: ScoredOrder): Readonly<Record<string, unknown>> {
  return {
    order_id: order.orderId, customer_id: order.customerId, score: order.score, model_score: order.modelScore, decision: order.decision, rules_hit: order.rulesHit,
    entity_ids: order.entityIds, total_minor: order.totalMinor, currency: order.currency, occurred_at: iso(order.occurredAt), scored_at: iso(order.scoredAt),
    flagged_at: order.flaggedAt === null ? null : iso(order.flaggedAt), revision: order.revision, versions: order.versions, degraded: order.degraded,
    score_partition: order.partition, score_offset: order.offset,
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
