import type { AlertEvent } from '@millrace/contracts';
import { fingerprint } from '@millrace/service-kit/fingerprint';
import type { PostgresPool, PostgresSession } from '@millrace/stores';
import { alertLabels, withdrawn } from './alert.js';
import type { Needs, Outcome, StoredSeries } from './evaluation.js';
import { orderShapeOf, type OrderRule } from './orders/order-rule.js';
import { PostgresOrderTransaction } from './orders/postgres-order-transaction.js';
import { shapeOf, type Rule } from './rule.js';
import type { RuleSet } from './rule-file.js';
import type { RulerStore, RulerTransaction } from './ruler-store.js';
import type { SeriesState } from './series-state.js';

const PUBLISH_LIMIT = 200;
const ALERT_LIMIT = 1_000;

interface SeriesRow {
  readonly rule: string;
  readonly metric_key: string;
  readonly metric: string;
  readonly state: SeriesState;
  readonly due_at: number | null;
}

interface FiringRow {
  readonly event: AlertEvent;
  readonly metric_key: string;
  readonly state: SeriesState | null;
  readonly orders: { readonly shape: string; readonly dimensions: Readonly<Record<string, string>> } | null;
}

/** The ruler's memory in the tables `ruler_series`, `ruler_alerts` and `ruler_outbox`. */
export class PostgresRulerStore implements RulerStore {
  constructor(
    private readonly pool: PostgresPool,
    private readonly lane: string,
  ) {}

  transaction<T>(work: (transaction: RulerTransaction) => Promise<T>): Promise<T> {
    return this.pool.transaction(async (session) => {
      await lock(session, `ruler:${this.lane}`);
      return work(new PostgresRulerTransaction(session, this.lane));
    });
  }

  publishNext(publish: (events: readonly AlertEvent[]) => Promise<void>): Promise<number> {
    return this.pool.transaction(async (session) => {
      // One publisher at a time, or events of one alert could overtake each other.
      await lock(session, `ruler-outbox:${this.lane}`);
      const rows = await session.query<{ id: number; event: AlertEvent }>('select id, event from ruler_outbox where lane = $1 order by id limit $2', [this.lane, PUBLISH_LIMIT]);
      if (rows.length === 0) return 0;
      await publish(rows.map(({ event }) => event));
      await session.execute('delete from ruler_outbox where id = any($1::bigint[])', [rows.map(({ id }) => id)]);
      return rows.length;
    });
  }

  async unpublished(): Promise<number> {
    const [row] = await this.pool.query<{ count: number }>('select count(*) as count from ruler_outbox where lane = $1', [this.lane]);
    return row?.count ?? 0;
  }

  async alerts(status: 'FIRING' | 'RESOLVED' | null): Promise<readonly AlertEvent[]> {
    const rows = await this.pool.query<{ event: AlertEvent }>(
      'select event from ruler_alerts where lane = $1 and ($2::text is null or status = $2) order by updated_at desc, fingerprint limit $3',
      [this.lane, status, ALERT_LIMIT],
    );
    return rows.map(({ event }) => event);
  }
}

class PostgresRulerTransaction implements RulerTransaction {
  readonly orders: PostgresOrderTransaction;

  constructor(
    private readonly session: PostgresSession,
    private readonly lane: string,
  ) {
    this.orders = new PostgresOrderTransaction(session, lane);
  }

  async load(needs: Needs): Promise<readonly StoredSeries[]> {
    const columns = 's.rule, s.metric_key, s.metric, s.state, s.due_at';
    const rows = await this.session.query<SeriesRow>(
      `select ${columns} from unnest($2::text[], $3::text[]) as wanted (rule, metric_key)
         join ruler_series s on s.lane = $1 and s.rule = wanted.rule and s.metric_key = wanted.metric_key
       union all
       select ${columns} from unnest($4::text[], $5::bigint[]) as reached (metric, watermark)
         join ruler_series s on s.lane = $1 and s.metric = reached.metric and s.due_at <= reached.watermark
       union all
       select ${columns} from ruler_series s where s.lane = $1 and s.rule = any($6::text[])`,
      [
        this.lane,
        needs.ids.map(({ rule }) => rule),
        needs.ids.map(({ metricKey }) => metricKey),
        [...needs.watermarks.keys()],
        [...needs.watermarks.values()],
        needs.rules,
      ],
    );
    const unique = new Map(rows.map((row) => [`${row.rule}\n${row.metric_key}`, row]));
    return [...unique.values()].map((row) => ({ rule: row.rule, metricKey: row.metric_key, metric: row.metric, state: row.state, dueAt: row.due_at }));
  }

  async save({ changed, alerts }: Outcome): Promise<void> {
    if (changed.length > 0) {
      await this.session.execute(
        `insert into ruler_series (lane, rule, metric_key, metric, state, due_at)
         select $1, rule, metric_key, metric, state, due_at
         from jsonb_to_recordset($2::jsonb) as row (rule text, metric_key text, metric text, state jsonb, due_at bigint)
         on conflict (lane, rule, metric_key) do update set state = excluded.state, due_at = excluded.due_at, updated_at = now()`,
        [this.lane, JSON.stringify(changed.map(({ rule, metricKey, metric, state, dueAt }) => ({ rule, metric_key: metricKey, metric, state, due_at: dueAt })))],
      );
    }
    await this.#announce(alerts);
  }

  async retire({ rules, orderRules }: RuleSet, now: number): Promise<number> {
    const byName = new Map(rules.map((rule) => [rule.name, rule]));
    const ordersByName = new Map(orderRules.map((rule) => [rule.name, rule]));
    const firing = await this.session.query<FiringRow>(
      `select a.event, a.metric_key, s.state, case when g.lane is null then null else jsonb_build_object('shape', g.shape, 'dimensions', g.dimensions) end as orders
       from ruler_alerts a
       left join ruler_series s on s.lane = a.lane and s.rule = a.rule and s.metric_key = a.metric_key
       left join ruler_order_groups g on g.lane = a.lane and g.rule = a.rule and g.group_key = a.metric_key
       where a.lane = $1 and a.status = 'FIRING'`,
      [this.lane],
    );
    const isMeant = ({ event, state, orders }: FiringRow): boolean =>
      stillMeant(byName.get(event.rule), event, state) || ordersStillMeant(ordersByName.get(event.rule), event, orders);
    const over = firing.filter((row) => !isMeant(row));
    await this.#announce(over.map(({ event, metric_key, state }) => ({ event: withdrawn(event, state?.samples.at(-1)?.end ?? event.startsAt, now), metricKey: metric_key })));
    await this.#forget('ruler_series', 'metric_key', { shape: "state ->> 'shape'", live: rules.map((rule) => [rule.name, shapeOf(rule)]), over });
    await this.#forget('ruler_order_groups', 'group_key', { shape: 'shape', live: orderRules.map((rule) => [rule.name, orderShapeOf(rule)]), over });
    return over.length;
  }

  /** Deletes what no rule in force has written, and what the alerts that are over stood on. */
  async #forget(table: string, key: string, { shape, live, over }: { readonly shape: string; readonly live: readonly (readonly [string, string])[]; readonly over: readonly FiringRow[] }): Promise<void> {
    await this.session.execute(
      `delete from ${table} t where t.lane = $1 and (
         not exists (select from unnest($2::text[], $3::text[]) as live (rule, shape) where live.rule = t.rule and live.shape = t.${shape})
         or (t.rule, t.${key}) in (select * from unnest($4::text[], $5::text[])))`,
      [this.lane, live.map(([rule]) => rule), live.map(([, written]) => written), over.map(({ event }) => event.rule), over.map(({ metric_key }) => metric_key)],
    );
  }

  async #announce(alerts: Outcome['alerts']): Promise<void> {
    if (alerts.length === 0) return;
    await this.session.execute(
      `insert into ruler_outbox (lane, event_id, event)
       select $1, event ->> 'eventId', event from jsonb_array_elements($2::jsonb) with ordinality as row (event, place) order by place
       on conflict (lane, event_id) do nothing`,
      [this.lane, JSON.stringify(alerts.map(({ event }) => event))],
    );
    const latest = new Map(alerts.map((alert) => [alert.event.fingerprint, alert]));
    await this.session.execute(
      `insert into ruler_alerts (lane, fingerprint, rule, metric_key, status, event)
       select $1, event ->> 'fingerprint', event ->> 'rule', metric_key, event ->> 'status', event
       from jsonb_to_recordset($2::jsonb) as row (event jsonb, metric_key text)
       on conflict (lane, fingerprint) do update
         set rule = excluded.rule, metric_key = excluded.metric_key, status = excluded.status, event = excluded.event, updated_at = now()`,
      [this.lane, JSON.stringify([...latest.values()].map(({ event, metricKey }) => ({ event, metric_key: metricKey })))],
    );
  }
}

/** Whether the rule, as it is now, would still announce exactly this alert. */
function stillMeant(rule: Rule | undefined, event: AlertEvent, state: SeriesState | null): boolean {
  if (rule === undefined || state === null || state.shape !== shapeOf(rule)) return false;
  const subject = rule.condition.kind === 'shortage' ? (event.labels['product'] ?? '') : '';
  const labels = alertLabels(rule, { lane: event.lane, dimensions: state.dimensions }, subject);
  return accepts(rule, state.dimensions) && fingerprint(labels) === event.fingerprint;
}

function ordersStillMeant(rule: OrderRule | undefined, event: AlertEvent, group: FiringRow['orders']): boolean {
  if (rule === undefined || group === null || group.shape !== orderShapeOf(rule)) return false;
  return fingerprint(alertLabels(rule, { lane: event.lane, dimensions: group.dimensions }, '')) === event.fingerprint;
}

function accepts(rule: Rule, dimensions: Readonly<Record<string, string>>): boolean {
  return Object.entries(dimensions).every(([name, value]) => rule.match.get(name) === null || rule.match.get(name)?.has(value) === true);
}

async function lock(session: PostgresSession, name: string): Promise<void> {
  await session.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
}
