import type { PostgresSession } from '@millrace/stores';
import type { Labels } from '../routing/labels.js';
import type { Verdict } from './action-store.js';
import type { JudgedOutage } from './rule-quality.js';

/** Outages looked at, the newest first: a flood must not hold anybody up. */
const MOST_OUTAGES = 50_000;

/**
 * What an outage fired with is what was told of it first: its row has what it ended with. Messages are those that somebody's receiver took; a log
 * wastes nobody's time. $1 lane, $2 from when, $3 limit.
 */
const OUTAGES = `
with told as (
  select one ->> 'fingerprint' as fingerprint, (one ->> 'startsAt')::double precision as starts_at, count(*) as messages
  from deliveries d, jsonb_array_elements(d.notice -> 'alerts') as one
  where d.lane = $1 and d.created_at >= $2 and d.state = 'delivered' and d.integration not like '%/log/%'
  group by 1, 2
), judged as (
  select distinct on (fingerprint, first_starts_at) fingerprint, first_starts_at, verdict
  from alert_actions where lane = $1 and action = 'judged' and acted_at >= $2
  order by fingerprint, first_starts_at, id desc
)
select coalesce(a.labels ->> 'alertname', a.rule) as rule, a.labels, a.first_starts_at, case when a.status = 'RESOLVED' then a.ends_at end as ends_at,
  coalesce((select sum(t.messages) from told t where t.fingerprint = a.fingerprint
    and t.starts_at between floor(extract(epoch from a.starts_at) * 1000) and ceil(extract(epoch from a.first_starts_at) * 1000)), 0)::integer as messages,
  j.verdict, fired.value, fired.threshold
from alerts a
left join judged j on j.fingerprint = a.fingerprint and j.first_starts_at = a.first_starts_at
left join lateral (
  select (e.alert -> 'decision' ->> 'value')::double precision as value, (e.alert -> 'decision' ->> 'threshold')::double precision as threshold
  from alert_events e
  where j.verdict is not null and a.is_decided and e.lane = a.lane and e.fingerprint = a.fingerprint
    and (e.alert ->> 'startsAt')::double precision between floor(extract(epoch from a.starts_at) * 1000) and ceil(extract(epoch from a.first_starts_at) * 1000)
  order by e.id limit 1) fired on true
where a.lane = $1 and a.first_starts_at >= $2
order by a.first_starts_at desc limit $3`;

interface OutageRow {
  readonly rule: string;
  readonly labels: Labels;
  readonly first_starts_at: Date;
  readonly ends_at: Date | null;
  readonly messages: number;
  readonly verdict: Verdict | null;
  readonly value: number | null;
  readonly threshold: number | null;
}

/** What a lane's rules are judged by. Throws `StoreError`s. */
export class QualityStore {
  constructor(
    private readonly session: PostgresSession,
    private readonly lane: string,
  ) {}

  /** Outages that began since then. */
  async outages(from: Date): Promise<readonly JudgedOutage[]> {
    const rows = await this.session.query<OutageRow>(OUTAGES, [this.lane, from, MOST_OUTAGES]);
    return rows.map(({ first_starts_at: startsAt, ends_at: endsAt, ...row }) => ({ ...row, startsAt: startsAt.getTime(), endsAt: endsAt?.getTime() ?? null }));
  }
}
