import type { AlertEvidence, SourceOffsets } from '@millrace/contracts';
import type { PostgresSession } from '@millrace/stores';
import type { Announced } from '../announcement.js';
import { orderShapeOf, scoreKey } from './order-rule.js';
import type { CountedOrder, DecidedGroup, EvidenceWanted, GroupId, KnownOrder, OrderTransaction, StoredGroup } from './order-store.js';

/** Orders shown as evidence of one decision. */
const MOST_EVIDENCE = 20;

interface OrderRow {
  readonly place: number;
  readonly order_id: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly at: number;
  readonly revision: number;
  readonly score: number;
  readonly offsets: readonly SourceOffsets[];
}

interface GroupRow {
  readonly rule: string;
  readonly group_key: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly announced: readonly Announced[];
  readonly times: readonly number[];
}

/** The tables `ruler_orders`, `ruler_order_groups` and `ruler_order_clock`. */
export class PostgresOrderTransaction implements OrderTransaction {
  constructor(
    private readonly session: PostgresSession,
    private readonly lane: string,
  ) {}

  async clock(): Promise<ReadonlyMap<number, number>> {
    const rows = await this.session.query<{ partition: number; newest: number }>('select partition, newest from ruler_order_clock where lane = $1', [this.lane]);
    return new Map(rows.map(({ partition, newest }) => [partition, newest]));
  }

  async advanceClock(partition: number, newest: number): Promise<void> {
    await this.session.execute(
      `insert into ruler_order_clock (lane, partition, newest) values ($1, $2, $3)
       on conflict (lane, partition) do update set newest = greatest(ruler_order_clock.newest, excluded.newest)`,
      [this.lane, partition, newest],
    );
  }

  async known(rules: readonly string[], orderIds: readonly string[]): Promise<readonly KnownOrder[]> {
    const rows = await this.session.query<{ rule: string; order_id: string; revision: number; group_key: string }>(
      `select o.rule, o.order_id, o.revision, o.group_key
       from unnest($2::text[]) as r (rule) cross join unnest($3::text[]) as w (order_id)
       join ruler_orders o on o.lane = $1 and o.rule = r.rule and o.order_id = w.order_id`,
      [this.lane, rules, orderIds],
    );
    return rows.map(({ rule, order_id: orderId, revision, group_key: key }) => ({ rule, orderId, revision, key }));
  }

  async put(orders: readonly CountedOrder[]): Promise<void> {
    if (orders.length === 0) return;
    const groups = new Map(orders.map(({ rule, group }) => [`${rule.name}\n${group.key}`, { rule: rule.name, group_key: group.key, dimensions: group.dimensions, shape: orderShapeOf(rule) }]));
    await this.session.execute(
      `insert into ruler_order_groups (lane, rule, group_key, dimensions, shape)
       select $1, rule, group_key, dimensions, shape from jsonb_to_recordset($2::jsonb) as row (rule text, group_key text, dimensions jsonb, shape text)
       on conflict (lane, rule, group_key) do nothing`,
      [this.lane, JSON.stringify([...groups.values()])],
    );
    const rows = orders.map(({ rule, group, isMatch, order: { orderId, at, revision, score, offsets } }) =>
      ({ rule: rule.name, group_key: group.key, is_match: isMatch, order_id: orderId, at, revision, score, offsets }));
    await this.session.execute(
      `insert into ruler_orders (lane, rule, order_id, group_key, is_match, at, revision, score, offsets)
       select $1, rule, order_id, group_key, is_match, at, revision, score, offsets
       from jsonb_to_recordset($2::jsonb) as row (rule text, order_id text, group_key text, is_match boolean, at bigint, revision bigint, score double precision, offsets jsonb)
       on conflict (lane, rule, order_id) do update set group_key = excluded.group_key, is_match = excluded.is_match, at = excluded.at,
         revision = excluded.revision, score = excluded.score, offsets = excluded.offsets`,
      [this.lane, JSON.stringify(rows)],
    );
  }

  async groups(ids: readonly GroupId[], eventTime: number | null): Promise<readonly StoredGroup[]> {
    // Two searches: with an "or" in one, PostgreSQL would read every group.
    const rows = await this.session.query<GroupRow>(
      `select g.rule, g.group_key, g.dimensions, g.announced,
         (select coalesce(jsonb_agg(o.at order by o.at), '[]') from ruler_orders o
          where o.lane = g.lane and o.rule = g.rule and o.group_key = g.group_key and o.is_match) as times
       from (select g.* from unnest($2::text[], $3::text[]) as wanted (rule, group_key)
               join ruler_order_groups g on g.lane = $1 and g.rule = wanted.rule and g.group_key = wanted.group_key
             union
             select * from ruler_order_groups where lane = $1 and ends_at <= $4::bigint) g`,
      [this.lane, ids.map(({ rule }) => rule), ids.map(({ key }) => key), eventTime],
    );
    return rows.map(({ group_key: key, ...row }) => ({ ...row, key }));
  }

  async firing(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.session.query<{ rule: string; count: number }>(
      'select rule, count(*) as count from ruler_order_groups where lane = $1 and ends_at is not null group by rule',
      [this.lane],
    );
    return new Map(rows.map(({ rule, count }) => [rule, count]));
  }

  async evidence(wanted: readonly EvidenceWanted[]): Promise<readonly AlertEvidence[][]> {
    if (wanted.length === 0) return [];
    const asked = wanted.map(({ rule, key, after, until, withCorrected }, place) => ({ place, rule, group_key: key, after, until, corrected: withCorrected }));
    const rows = await this.session.query<OrderRow>(
      `select w.place, g.dimensions, o.order_id, o.at, o.revision, o.score, o.offsets
       from jsonb_to_recordset($2::jsonb) as w (place integer, rule text, group_key text, after bigint, until bigint, corrected boolean)
       join ruler_order_groups g on g.lane = $1 and g.rule = w.rule and g.group_key = w.group_key
       cross join lateral (
         select * from ruler_orders o
         where o.lane = $1 and o.rule = w.rule and o.group_key = w.group_key and o.at > w.after and o.at <= w.until and (o.is_match or w.corrected)
         order by o.at desc, o.order_id desc limit $3) o
       order by w.place, o.at, o.order_id`,
      [this.lane, JSON.stringify(asked), MOST_EVIDENCE],
    );
    const found = wanted.map((): AlertEvidence[] => []);
    for (const row of rows) found[row.place]?.push(evidenceOf(row));
    return found;
  }

  async saveGroups(groups: readonly DecidedGroup[]): Promise<void> {
    if (groups.length === 0) return;
    await this.session.execute(
      `update ruler_order_groups g set announced = row.announced, ends_at = row.ends_at
       from jsonb_to_recordset($2::jsonb) as row (rule text, group_key text, announced jsonb, ends_at bigint)
       where g.lane = $1 and g.rule = row.rule and g.group_key = row.group_key`,
      [this.lane, JSON.stringify(groups.map(({ rule, key, announced, endsAt }) => ({ rule, group_key: key, announced, ends_at: endsAt })))],
    );
  }

  async forget(upTo: ReadonlyMap<string, number>): Promise<void> {
    await this.session.execute(
      `delete from ruler_orders o using unnest($2::text[], $3::bigint[]) as old (rule, up_to) where o.lane = $1 and o.rule = old.rule and o.at <= old.up_to`,
      [this.lane, [...upTo.keys()], [...upTo.values()]],
    );
    await this.session.execute(
      `with gone as (
         delete from ruler_order_groups g where g.lane = $1 and g.ends_at is null
           and not exists (select from ruler_orders o where o.lane = g.lane and o.rule = g.rule and o.group_key = g.group_key)
         returning g.rule, g.group_key)
       delete from ruler_alerts a using gone where a.lane = $1 and a.rule = gone.rule and a.metric_key = gone.group_key and a.status = 'RESOLVED'`,
      [this.lane],
    );
  }
}

/** A score among the windows that alerts rest on: a window of one moment. */
function evidenceOf({ order_id: order, dimensions, at, score, revision, offsets }: OrderRow): AlertEvidence {
  return { metricKey: scoreKey({ ...dimensions, order }), window: 'order', windowStart: at, windowEnd: at, value: score, revision, sourceOffsets: [...offsets] };
}
