import type { MetricItem, MetricWindow, SourceOffsets } from '@millrace/contracts';
import { highestRevisions, pointOf } from './metric-window.js';
import type { MetricHistory, MetricPoint, MetricReading, MetricSelection, SeriesSelection, WriteOutcome } from './ports.js';
import type { PostgresSession } from './postgres.pool.js';

/** Metric keys whose windows are read at once when the cache is rebuilt. */
const KEYS_PER_CHUNK = 20;
const DEFAULT_LIMIT = 10_000;

const UPSERT = `
insert into metric_windows (
  lane, metric_key, metric, dimensions, win, window_start, window_end, value, count, items, revision, watermark, final, source_offsets, computed_at)
select $1, new.*
from unnest(
  $2::text[], $3::text[], $4::jsonb[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::float8[], $9::int8[], $10::jsonb[], $11::int8[],
  $12::timestamptz[], $13::boolean[], $14::jsonb[], $15::timestamptz[]) as new
on conflict (lane, metric_key, win, window_start) do update set
  metric = excluded.metric, dimensions = excluded.dimensions, window_end = excluded.window_end, value = excluded.value, count = excluded.count,
  items = excluded.items, revision = excluded.revision, watermark = excluded.watermark, final = excluded.final,
  source_offsets = excluded.source_offsets, computed_at = excluded.computed_at
where excluded.revision > metric_windows.revision`;

const COLUMNS = `
  m.metric_key, m.metric, m.dimensions, m.win, m.window_start, m.window_end, m.value, m.count, m.items, m.revision, m.watermark, m.final, m.computed_at`;

interface ReadingRow {
  readonly metric_key: string;
  readonly metric: string;
  readonly dimensions: Record<string, string>;
  readonly win: string;
  readonly window_start: Date;
  readonly window_end: Date;
  readonly value: number;
  readonly count: number;
  readonly items: readonly MetricItem[];
  readonly revision: number;
  readonly watermark: Date | null;
  readonly final: boolean;
  readonly computed_at: Date;
}

interface WindowRow extends ReadingRow {
  readonly source_offsets: readonly SourceOffsets[];
}

/** Every window in the table `metric_windows`. */
export class PostgresMetricHistory implements MetricHistory {
  constructor(private readonly postgres: PostgresSession) {}

  async write(lane: string, windows: readonly MetricWindow[]): Promise<WriteOutcome> {
    const unique = highestRevisions(windows);
    if (unique.length === 0) return { applied: 0, stale: 0, expired: 0 };
    const applied = await this.postgres.execute(UPSERT, [
      lane,
      unique.map((window) => window.metricKey),
      unique.map((window) => window.metric),
      unique.map((window) => JSON.stringify(window.dimensions)),
      unique.map((window) => window.window),
      unique.map((window) => timestamp(window.windowStart)),
      unique.map((window) => timestamp(window.windowEnd)),
      unique.map((window) => window.value),
      unique.map((window) => window.count),
      unique.map((window) => JSON.stringify(window.items)),
      unique.map((window) => window.revision),
      unique.map((window) => (window.watermark === null ? null : timestamp(window.watermark))),
      unique.map((window) => window.final),
      unique.map((window) => JSON.stringify(window.sourceOffsets)),
      unique.map((window) => timestamp(window.computedAt)),
    ]);
    return { applied, stale: windows.length - applied, expired: 0 };
  }

  async latest(lane: string, selections: readonly MetricSelection[]): Promise<MetricReading[]> {
    const rows = await this.postgres.query<ReadingRow>(
      `select distinct on (m.win, m.metric_key) ${COLUMNS}
       from metric_windows m join unnest($2::text[], $3::text[]) as asked (metric, win) on m.metric = asked.metric and m.win = asked.win
       where m.lane = $1 order by m.win, m.metric_key, m.window_start desc`,
      [lane, selections.map(({ metric }) => metric), selections.map(({ window }) => window)],
    );
    return rows.map(readingOf);
  }

  async series(lane: string, selections: readonly SeriesSelection[]): Promise<MetricPoint[][]> {
    return Promise.all(selections.map(async ({ metricKey, window, from, to, limit = DEFAULT_LIMIT }) => {
      const rows = await this.postgres.query<ReadingRow>(
        `select ${COLUMNS} from metric_windows m
         where m.lane = $1 and m.metric_key = $2 and m.win = $3 and m.window_start >= $4 and m.window_start < $5
         order by m.window_start desc limit $6`,
        [lane, metricKey, window, timestamp(from), timestamp(to), limit],
      );
      return rows.reverse().map((row) => pointOf(readingOf(row)));
    }));
  }

  async find(lane: string, metricKey: string, window: string, windowStart: number): Promise<MetricWindow | null> {
    const [row] = await this.postgres.query<WindowRow>(
      `select ${COLUMNS}, m.source_offsets from metric_windows m where m.lane = $1 and m.metric_key = $2 and m.win = $3 and m.window_start = $4`,
      [lane, metricKey, window, timestamp(windowStart)],
    );
    return row === undefined ? null : windowOf(lane, row);
  }

  async *recent(lane: string, bounds: Readonly<Record<string, number>>): AsyncIterable<readonly MetricWindow[]> {
    const keys = await this.postgres.query<{ metric_key: string; win: string; newest: Date }>(
      'select metric_key, win, max(window_start) as newest from metric_windows where lane = $1 and win = any ($2) group by metric_key, win',
      [lane, Object.keys(bounds)],
    );
    for (let at = 0; at < keys.length; at += KEYS_PER_CHUNK) {
      const chunk = keys.slice(at, at + KEYS_PER_CHUNK);
      const rows = await this.postgres.query<WindowRow>(
        `select ${COLUMNS}, m.source_offsets
         from unnest($2::text[], $3::text[], $4::timestamptz[]) as asked (metric_key, win, since)
         join metric_windows m on m.lane = $1 and m.metric_key = asked.metric_key and m.win = asked.win and m.window_start > asked.since`,
        [
          lane,
          chunk.map(({ metric_key }) => metric_key),
          chunk.map(({ win }) => win),
          chunk.map(({ win, newest }) => timestamp(newest.getTime() - (bounds[win] ?? 0))),
        ],
      );
      yield rows.map((row) => windowOf(lane, row));
    }
  }

  async removeLane(lane: string): Promise<void> {
    await this.postgres.execute('delete from metric_windows where lane = $1', [lane]);
  }
}

/** The furthest instants that a JavaScript date can be; a caller may ask from -Infinity to Infinity. */
const MAX_TIME = 8_640_000_000_000_000;

function timestamp(ms: number): string {
  if (ms <= -MAX_TIME) return '-infinity';
  return ms >= MAX_TIME ? 'infinity' : new Date(ms).toISOString();
}

function readingOf(row: ReadingRow): MetricReading {
  return {
    metricKey: row.metric_key,
    metric: row.metric,
    dimensions: row.dimensions,
    window: row.win,
    windowStart: row.window_start.getTime(),
    windowEnd: row.window_end.getTime(),
    value: row.value,
    count: row.count,
    items: row.items,
    revision: row.revision,
    watermark: row.watermark?.getTime() ?? null,
    final: row.final,
    computedAt: row.computed_at.getTime(),
  };
}

function windowOf(lane: string, row: WindowRow): MetricWindow {
  return { ...readingOf(row), lane, sourceOffsets: row.source_offsets };
}
