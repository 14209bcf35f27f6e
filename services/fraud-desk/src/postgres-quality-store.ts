import type { PostgresPool } from '@millrace/stores';
import { modelVersionOf } from './drift.book.js';
import { WINDOWS, type OrderGroup, type RankGroup } from './quality.js';

/** When the windows of a report end, ms of event time: of the truth and of labels as they come, and of orders whose labels are in. */
export interface Ends {
  readonly newest: number;
  readonly settled: number;
}

/** $1 lane, $2 newest order, $3 to $5 starts of the windows that end there; $6 end and $7 to $9 starts of those of settled orders. Ends are inside, starts are not. */
const ORDERS = `fraud_orders where lane = $1 and score is not null and occurred_at <= $2::timestamptz and occurred_at > $9::timestamptz`;

/** Shortest window that holds the order, or 3. */
const SLOTS = `
  case when occurred_at > $3::timestamptz then 0 when occurred_at > $4::timestamptz then 1 when occurred_at > $5::timestamptz then 2 else 3 end as slot,
  case when occurred_at > $6::timestamptz then 3 when occurred_at > $7::timestamptz then 0 when occurred_at > $8::timestamptz then 1
    when occurred_at > $9::timestamptz then 2 else 3 end as "settledSlot"`;

const GROUPS = `
select ${SLOTS}, truth_fraud as truth, labelled_fraud as labelled, decision, truth_scenario as scenario, currency, least(9, floor(score * 10)::integer) as bin,
  count(*) as orders, sum(total_minor) as money, sum(score) as scores,
  coalesce(array_agg(extract(epoch from flagged_at - occurred_at)::float8) filter (where decision <> 'ALLOW' and (truth_fraud or labelled_fraud)), '{}') as delays
from ${ORDERS} group by 1, 2, 3, 4, 5, 6, 7, 8`;

/** Orders by the highest score of a fraud that theirs reaches: all that average precision needs, without a sort of all orders. */
const RANKS = `
with thresholds as (
  select coalesce(array_agg(score order by score), '{}') as scores from (select distinct score from ${ORDERS} and (truth_fraud or labelled_fraud)) as frauds
)
select width_bucket(score, (select scores from thresholds)) as rank, ${SLOTS}, truth_fraud as truth, labelled_fraud as labelled, count(*) as orders
from ${ORDERS} group by 1, 2, 3, 4, 5`;

const UNSCORED = `
select case when truth_at > $3::timestamptz then 0 when truth_at > $4::timestamptz then 1 else 2 end as slot, count(*) as orders, count(*) filter (where truth_fraud) as fraud
from fraud_orders where lane = $1 and score is null and truth_fraud is not null and truth_at <= $2::timestamptz and truth_at > $5::timestamptz group by slot`;

/** Sums over `fraud_orders` of one lane: two passes over the orders of the windows, whatever is asked of them. */
export class PostgresQualityStore {
  constructor(
    private readonly pool: PostgresPool,
    private readonly lane: string,
  ) {}

  /** Event time of the newest order scored, ms, and the model version of its score; null before the first. */
  async newest(): Promise<{ readonly at: number; readonly modelVersion: string } | null> {
    const [row] = await this.pool.query<{ at: Date; versions: Record<string, string> }>(
      'select occurred_at as at, versions from fraud_orders where lane = $1 and score is not null order by occurred_at desc limit 1',
      [this.lane],
    );
    return row === undefined ? null : { at: row.at.getTime(), modelVersion: modelVersionOf(row.versions) };
  }

  groups(ends: Ends): Promise<OrderGroup[]> {
    return this.#aggregate<OrderGroup>(GROUPS, ends);
  }

  ranks(ends: Ends): Promise<RankGroup[]> {
    return this.#aggregate<RankGroup>(RANKS, ends);
  }

  /** Orders that the simulator placed and nobody scored. `slot`: shortest window that holds them. */
  unscored({ newest }: Ends): Promise<readonly { readonly slot: number; readonly orders: number; readonly fraud: number }[]> {
    return this.pool.query(UNSCORED, [this.lane, ...span(newest)]);
  }

  /** With room for the groups in memory: PostgreSQL's usual 4 MB would have it sort every order on disk. */
  #aggregate<G>(sql: string, ends: Ends): Promise<G[]> {
    return this.pool.transaction(async (session) => {
      await session.execute(`set local work_mem = '64MB'`);
      return session.query<G>(sql, this.#spans(ends));
    });
  }

  #spans({ newest, settled }: Ends): readonly string[] {
    return [this.lane, ...span(newest), ...span(settled)];
  }
}

function span(end: number): readonly string[] {
  return [end, ...WINDOWS.map(({ ms }) => end - ms)].map((at) => new Date(at).toISOString());
}
