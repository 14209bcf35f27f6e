-- Up Migration
create table metric_windows (
  lane text not null,
  metric_key text not null,
  metric text not null,
  dimensions jsonb not null,
  win text not null,
  window_start timestamptz not null,
  window_end timestamptz not null,
  value double precision not null,
  count bigint not null,
  items jsonb not null,
  revision bigint not null,
  watermark timestamptz,
  final boolean not null,
  source_offsets jsonb not null,
  computed_at timestamptz not null,
  primary key (lane, metric_key, win, window_start)
);

comment on table metric_windows is 'Every metric in every window: the revision that counts. Windows are half-open: start inclusive, end exclusive.';

create index metric_windows_by_metric on metric_windows (lane, metric, win, window_start);
