-- Up Migration
-- Alerts are grouped now: a delivery is what an integration of a receiver is told of a group. Deliveries of single state changes, and the
-- receivers' names they went by, have nothing to go on with: they go.
drop table delivery_attempts;
drop table deliveries;
drop table alert_events;
drop table disabled_receivers;

alter table alerts drop constraint alerts_lane_fingerprint_starts_at_key;
-- starts_at as it was told first: with the fingerprint it names an outage for good, also where it turns out to have begun earlier.
alter table alerts add column first_starts_at timestamptz;
update alerts set first_starts_at = starts_at;
alter table alerts alter column first_starts_at set not null;
alter table alerts add unique (lane, fingerprint, first_starts_at);
alter table alerts
  -- The dispatcher has it: it fires, or somebody is yet to be told that it does not.
  add column held boolean not null default false,
  -- ends_at was not told: nobody will have told it again by then.
  add column is_timeout boolean not null default false,
  add column generator_url text not null default '',
  -- Our own ruler decided it: value, threshold and evidence are its.
  add column is_decided boolean not null default true;
create index alerts_held on alerts (lane) where held;

-- Every alert told, once: what makes redelivery harmless, and the dispatcher's inbox.
create table alert_events (
  id bigint generated always as identity primary key,
  lane text not null,
  event_id text not null,
  fingerprint text not null,
  alert jsonb not null,
  -- Where it lay; null: it came by HTTP.
  source_topic text,
  source_partition integer,
  source_offset bigint,
  received_at timestamptz not null default now(),
  -- Null: the dispatcher has not seen it yet.
  taken_at timestamptz,
  unique (lane, event_id)
);
create index alert_events_waiting on alert_events (lane, id) where taken_at is null;
create index alert_events_alert on alert_events (lane, fingerprint, id);

-- Who dispatches a lane. fence grows with every change of hands: whoever comes back late writes nothing.
create table dispatchers (
  lane text primary key,
  owner text not null,
  fence bigint not null,
  lease_until timestamptz not null,
  -- Grows whenever people change something: a silence, an acknowledgement.
  people_version bigint not null default 0
);

create table silences (
  id uuid primary key,
  lane text not null,
  -- [{name, value, isRegex, isEqual}]
  matchers jsonb not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  created_by text not null,
  comment text not null,
  updated_at timestamptz not null default now()
);
create index silences_end on silences (lane, ends_at);

-- What people did about an outage; the last of acknowledged and unacknowledged holds.
create table alert_actions (
  id bigint generated always as identity primary key,
  lane text not null,
  fingerprint text not null,
  first_starts_at timestamptz not null,
  action text not null check (action in ('acknowledged', 'unacknowledged', 'commented', 'snoozed')),
  author text not null,
  comment text not null default '',
  -- Of a snooze: its end.
  until timestamptz,
  acted_at timestamptz not null default now()
);
create index alert_actions_alert on alert_actions (lane, fingerprint, first_starts_at, id);

-- What each integration was last told of a group; fingerprints. Keys of groups may be longer than an index takes.
create table notification_log (
  lane text not null,
  group_key text not null,
  group_hash text not null generated always as (md5(group_key)) stored,
  integration text not null,
  firing text[] not null,
  resolved text[] not null,
  notified_at timestamptz not null,
  primary key (lane, group_hash, integration)
);

-- One row per group, integration and notification: the queue and its history.
-- pending: to be sent at next_attempt_at; delivered; failed: given up; disabled: the receiver is switched off;
-- suppressed: not of a live lane, so recorded only; replaced: a later one of the group took its place before it came through.
create table deliveries (
  id bigint generated always as identity primary key,
  lane text not null,
  receiver text not null,
  -- receiver/type/place
  integration text not null,
  group_key text not null,
  group_hash text not null generated always as (md5(group_key)) stored,
  -- What is told, whole.
  notice jsonb not null,
  fingerprints text[] not null,
  status text not null check (status in ('FIRING', 'RESOLVED')),
  -- The dispatcher's that queued it.
  fence bigint not null,
  -- The webhook-id: constant over all attempts.
  message_id text not null unique,
  state text not null check (state in ('pending', 'delivered', 'failed', 'disabled', 'suppressed', 'replaced')),
  -- All attempts begun, and those that counted against the retry schedule.
  attempts integer not null default 0,
  step integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  lease_owner text,
  lease_until timestamptz,
  last_error text,
  created_at timestamptz not null default now(),
  -- When it was queued last: at its creation, or when somebody had it sent again. The retry schedule begins there.
  queued_at timestamptz not null default now(),
  finished_at timestamptz
);
create index deliveries_queue on deliveries (lane, integration, next_attempt_at, id) where state = 'pending';
create index deliveries_order on deliveries (lane, integration, group_hash, id) where state = 'pending';
create index deliveries_recent on deliveries (lane, created_at desc);
create index deliveries_alert on deliveries using gin (fingerprints);

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

-- Integrations that told us to stop (410), until somebody enables them again.
create table disabled_receivers (
  lane text not null,
  integration text not null,
  reason text not null,
  disabled_at timestamptz not null default now(),
  primary key (lane, integration)
);
