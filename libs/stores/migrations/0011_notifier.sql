-- Up Migration
-- Every alert, now and in the past: one row per time it began to fire.
create table alerts (
  id bigint generated always as identity primary key,
  lane text not null,
  fingerprint text not null,
  rule text not null,
  severity text not null,
  status text not null check (status in ('FIRING', 'RESOLVED')),
  labels jsonb not null,
  annotations jsonb not null,
  -- Of the latest state change.
  value double precision,
  threshold double precision,
  starts_at timestamptz not null,
  ends_at timestamptz,
  -- Windows that the latest state change rests on, with the offsets of their source records.
  evidence jsonb not null,
  updated_at timestamptz not null default now(),
  unique (lane, fingerprint, starts_at)
);
create index alerts_recent on alerts (lane, updated_at desc);
create index alerts_firing on alerts (lane, starts_at desc) where status = 'FIRING';

-- Every state change received, once: what makes redelivery harmless.
create table alert_events (
  lane text not null,
  event_id text not null,
  alert_id bigint not null references alerts (id) on delete cascade,
  status text not null check (status in ('FIRING', 'RESOLVED')),
  event jsonb not null,
  -- Where it lay: topic, partition, offset.
  source_topic text not null,
  source_partition integer not null,
  source_offset bigint not null,
  received_at timestamptz not null default now(),
  primary key (lane, event_id)
);
create index alert_events_alert on alert_events (alert_id);

-- One row per state change and receiver: the queue and its history.
-- pending: to be sent at next_attempt_at; delivered; failed: given up; disabled: the receiver is switched off;
-- suppressed: not a live alert, so recorded only.
create table deliveries (
  id bigint generated always as identity primary key,
  lane text not null,
  event_id text not null,
  alert_id bigint not null references alerts (id) on delete cascade,
  fingerprint text not null,
  status text not null check (status in ('FIRING', 'RESOLVED')),
  receiver text not null,
  -- The webhook-id: constant over all attempts.
  message_id text not null,
  state text not null check (state in ('pending', 'delivered', 'failed', 'disabled', 'suppressed')),
  -- All attempts begun, and those that counted against the retry schedule.
  attempts integer not null default 0,
  step integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  lease_owner text,
  lease_until timestamptz,
  last_error text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (lane, event_id, receiver),
  foreign key (lane, event_id) references alert_events (lane, event_id) on delete cascade
);
create index deliveries_queue on deliveries (lane, receiver, next_attempt_at, id) where state = 'pending';
create index deliveries_order on deliveries (lane, receiver, fingerprint, id) where state = 'pending';
create index deliveries_recent on deliveries (lane, created_at desc);
create index deliveries_alert on deliveries (alert_id);

create table delivery_attempts (
  id bigint generated always as identity primary key,
  delivery_id bigint not null references deliveries (id) on delete cascade,
  attempt integer not null,
  started_at timestamptz not null,
  duration_ms integer not null,
  -- delivered, retry, failed or disabled.
  outcome text not null check (outcome in ('delivered', 'retry', 'failed', 'disabled')),
  status_code integer,
  error text,
  -- First 1 kB of the answer.
  response_excerpt text,
  -- True: an earlier attempt was cut before its result was known, so the receiver may have had this message already.
  possible_repeat boolean not null default false
);
create index delivery_attempts_delivery on delivery_attempts (delivery_id, attempt);

-- Receivers that told us to stop (410), until somebody enables them again.
create table disabled_receivers (
  lane text not null,
  receiver text not null,
  reason text not null,
  disabled_at timestamptz not null default now(),
  primary key (lane, receiver)
);
