import type { PostgresPool } from '@millrace/stores';
import type { RingOfCustomerDto, RingReportDto, RingSummaryDto } from './ring.dto.js';
import type { Ring, RingReport } from './ring.schema.js';

const WRITE_REPORT = 'insert into fraud_ring_reports (lane, report) values ($1, $2::jsonb) on conflict (lane) do update set report = excluded.report';
const FORGET_RINGS = 'delete from fraud_rings where lane = $1';
const WRITE_RINGS = `
insert into fraud_rings (lane, ring_id, rank, customer_ids, summary, members)
select $1, new.* from json_to_recordset($2::json) as new (ring_id text, rank integer, customer_ids text[], summary jsonb, members jsonb)`;

/** One statement, so that the rings are those of the report. */
const ALL = `
select report, summary from fraud_ring_reports left join fraud_rings using (lane) where lane = $1 order by rank`;
const ONE = `
select (report ->> 'madeAt')::bigint as "madeAt", members from fraud_rings join fraud_ring_reports using (lane) where lane = $1 and ring_id = $2`;
const OF_CUSTOMER = `
select ring_id as id, rank, (summary ->> 'customers')::bigint as customers, (summary ->> 'orders')::bigint as orders, (summary ->> 'frauds')::bigint as frauds,
  (report ->> 'madeAt')::bigint as "madeAt"
from fraud_rings join fraud_ring_reports using (lane) where lane = $1 and $2 = any (customer_ids) order by rank limit 1`;

/** The latest report of rings of one lane. All methods throw `StoreUnavailableError`. */
export class PostgresRingStore {
  constructor(
    private readonly pool: PostgresPool,
    private readonly lane: string,
  ) {}

  /** Puts the report in the place of the one before; who reads meanwhile sees the one or the other. */
  async replace({ rings, ...report }: RingReport): Promise<void> {
    const rows = rings.map((ring) => ({ ring_id: ring.id, rank: ring.rank, customer_ids: ring.customers.ids.map(({ id }) => id), summary: summaryOf(ring), members: ring }));
    await this.pool.transaction(async (session) => {
      // Two writers at once take turns at this row.
      await session.execute(WRITE_REPORT, [this.lane, JSON.stringify(report)]);
      await session.execute(FORGET_RINGS, [this.lane]);
      await session.execute(WRITE_RINGS, [this.lane, JSON.stringify(rows)]);
    });
  }

  /** The most suspicious first; the report is null where there is none yet. */
  async list(): Promise<{ readonly report: RingReportDto | null; readonly rings: readonly RingSummaryDto[] }> {
    const rows = await this.pool.query<{ readonly report: RingReportDto; readonly summary: RingSummaryDto | null }>(ALL, [this.lane]);
    return { report: rows[0]?.report ?? null, rings: rows.flatMap(({ summary }) => (summary === null ? [] : [summary])) };
  }

  async find(id: string): Promise<{ readonly madeAt: number; readonly ring: Ring } | null> {
    const [row] = await this.pool.query<{ readonly madeAt: number; readonly members: Ring }>(ONE, [this.lane, id]);
    return row === undefined ? null : { madeAt: row.madeAt, ring: row.members };
  }

  /** The ring that names the customer; null where none does. */
  async ofCustomer(customerId: string): Promise<RingOfCustomerDto | null> {
    const [row] = await this.pool.query<RingOfCustomerDto>(OF_CUSTOMER, [this.lane, customerId]);
    return row ?? null;
  }
}

function summaryOf({ id, rank, suspicion, sharing, orders, frauds, firstAt, lastAt, amounts, customers, things: { card, device, address } }: Ring): RingSummaryDto {
  const of = ({ count, shared }: Ring['things']['card']) => ({ count, shared });
  return { id, rank, suspicion, sharing, orders, frauds, firstAt, lastAt, amounts, customers: customers.count, things: { card: of(card), device: of(device), address: of(address) } };
}
