import type { PostgresPool } from '@millrace/stores';
import type { CaseDto, LabelDto } from './case.dto.js';
import type { CasesQuery, Cursor } from './case.schema.js';
import type { LabelKind } from './desk-store.js';
import type { Decision } from './scored-order.js';

const COLUMNS = `order_id, customer_id, score, model_score, decision, rules_hit, total_minor, currency, occurred_at, scored_at, revision, versions, degraded,
  labelled_fraud, fraud_label_at, fraud_label_kind, truth_fraud, truth_scenario, score_partition, score_offset`;

/** $1 lane, $2 decision, $3 scenario, $4 least score, $5 labelled, $6 text, $7 and $8 cursor, $9 limit. */
const CASES = `
select ${COLUMNS} from fraud_orders
where lane = $1 and decision in ('REVIEW', 'DECLINE') and ($2::text is null or decision = $2) and ($3::text is null or truth_scenario = $3)
  and ($4::float8 is null or score >= $4) and ($5::boolean is null or (labelled_fraud is not null) = $5)
  and ($6::text is null or position(lower($6) in lower(order_id)) > 0 or position(lower($6) in lower(customer_id)) > 0
    or exists (select from unnest(entity_ids) as entity (id) where position(lower($6) in lower(id)) > 0))
  and ($7::timestamptz is null or (occurred_at, order_id collate "C") < ($7, $8::text collate "C"))
order by occurred_at desc, order_id collate "C" desc limit $9`;

const ONE = `select ${COLUMNS} from fraud_orders where lane = $1 and order_id = $2 and score is not null`;

const LABELS = `
select event_id as "eventId", kind, fraud, occurred_at, decided_by as "decidedBy", note
from fraud_labels left join fraud_verdict_notes using (lane, event_id) where lane = $1 and order_id = $2 order by occurred_at, event_id collate "C"`;

interface CaseRow {
  readonly order_id: string;
  readonly customer_id: string;
  readonly score: number;
  readonly model_score: number | null;
  readonly decision: Decision;
  readonly rules_hit: readonly string[];
  readonly total_minor: number | null;
  readonly currency: string | null;
  readonly occurred_at: Date;
  readonly scored_at: Date;
  readonly revision: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly degraded: boolean;
  readonly labelled_fraud: boolean | null;
  readonly fraud_label_at: Date | null;
  readonly fraud_label_kind: LabelKind | null;
  readonly truth_fraud: boolean | null;
  readonly truth_scenario: string | null;
  readonly score_partition: number;
  readonly score_offset: number;
}

export interface FoundCase {
  readonly case: CaseDto;
  readonly place: { readonly partition: number; readonly offset: number };
}

/** What people look at: flagged orders and their labels. All methods throw `StoreUnavailableError`. */
export class PostgresCaseStore {
  constructor(
    private readonly pool: PostgresPool,
    private readonly lane: string,
  ) {}

  /** Newest order first. `end` of the page, where there is more. */
  async list({ decision, scenario, minScore, labelled, q, limit, cursor, truth }: CasesQuery): Promise<{ readonly cases: readonly CaseDto[]; readonly end: Cursor | null }> {
    const rows = await this.pool.query<CaseRow>(CASES, [
      this.lane, decision ?? null, scenario ?? null, minScore ?? null, labelled ?? null, q === undefined || q === '' ? null : q,
      cursor === undefined ? null : new Date(cursor.occurredAt).toISOString(), cursor?.orderId ?? null, limit + 1,
    ]);
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return { cases: shown.map((row) => caseOf(row, truth)), end: last === undefined ? null : { occurredAt: last.occurred_at.getTime(), orderId: last.order_id } };
  }

  /** Any order that was scored, flagged or not; null where there is none. */
  async find(orderId: string, truth: boolean): Promise<FoundCase | null> {
    const [row] = await this.pool.query<CaseRow>(ONE, [this.lane, orderId]);
    return row === undefined ? null : { case: caseOf(row, truth), place: { partition: row.score_partition, offset: row.score_offset } };
  }

  async labels(orderId: string): Promise<readonly LabelDto[]> {
    const rows = await this.pool.query<Omit<LabelDto, 'occurredAt'> & { occurred_at: Date }>(LABELS, [this.lane, orderId]);
    return rows.map(({ occurred_at, ...label }) => ({ ...label, occurredAt: occurred_at.toISOString() }));
  }

  /** Keeps what was written to a verdict, the first of its event id. */
  async addNote(eventId: string, note: string): Promise<void> {
    await this.pool.execute('insert into fraud_verdict_notes (lane, event_id, note) values ($1, $2, $3) on conflict do nothing', [this.lane, eventId, note]);
  }
}

function caseOf(row: CaseRow, truth: boolean): CaseDto {
  const { score, decision, currency, revision, versions, degraded } = row;
  return {
    orderId: row.order_id, customerId: row.customer_id, score, modelScore: row.model_score, decision, rulesHit: row.rules_hit, totalMinor: row.total_minor, currency,
    occurredAt: row.occurred_at.toISOString(), scoredAt: row.scored_at.toISOString(), revision, versions, degraded,
    label: row.labelled_fraud === null ? null : { fraud: row.labelled_fraud, at: row.fraud_label_at?.toISOString() ?? null, kind: row.fraud_label_kind },
    ...(truth ? { truth: row.truth_fraud === null ? null : { fraud: row.truth_fraud, scenario: row.truth_scenario } } : {}),
  };
}
