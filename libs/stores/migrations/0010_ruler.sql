-- Up Migration
-- What the ruler knows: one row per rule and metric series, the alerts it holds, and the alert events not yet published.
create table ruler_series (
  lane text not null,
  rule text not null,
  metric_key text not null,
  metric text not null,
  state jsonb not null,
  -- Event time (ms) at which a watermark changes something although no window of the series comes; null: never.
  due_at bigint,
  updated_at timestamptz not null default now(),
  primary key (lane, rule, metric_key)
);
create index ruler_series_due on ruler_series (lane, metric, due_at) where due_at is not null;

create table ruler_alerts (
  lane text not null,
  fingerprint text not null,
  rule text not null,
  metric_key text not null,
  status text not null check (status in ('FIRING', 'RESOLVED')),
  event jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (lane, fingerprint)
);

create table ruler_outbox (
  id bigint generated always as identity primary key,
  lane text not null,
  event_id text not null,
  event jsonb not null,
  created_at timestamptz not null default now(),
  unique (lane, event_id)
);
create index ruler_outbox_lane on ruler_outbox (lane, id);
