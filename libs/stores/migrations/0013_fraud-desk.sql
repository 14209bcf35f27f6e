-- Up Migration
-- One narrow row per order: what it was scored, what the shop has learnt of it since, and what it really was. The three come in any order.
create table fraud_orders (
  lane text not null,
  order_id text not null,
  -- The score that counts: the highest revision. Null until one came.
  customer_id text,
  score double precision,
  model_score double precision,
  decision text check (decision in ('ALLOW', 'REVIEW', 'DECLINE')),
  rules_hit text[],
  -- Of cases only: ids of the entities the order is linked with, to find it by.
  entity_ids text[],
  total_minor bigint,
  currency text,
  occurred_at timestamptz,
  scored_at timestamptz,
  -- When the first score of the order that asked for more than ALLOW was made, whatever its revision.
  flagged_at timestamptz,
  revision bigint,
  versions jsonb,
  degraded boolean,
  -- Where the score lies in fraud.scores.v1 of the lane: its features and reasons are read there.
  score_partition integer,
  score_offset bigint,
  -- What the labels say together; null where there is none. Kept by those who write fraud_labels.
  labelled_fraud boolean,
  fraud_label_at timestamptz,
  fraud_label_kind text,
  -- From the simulator.
  truth_fraud boolean,
  truth_scenario text,
  truth_at timestamptz,
  primary key (lane, order_id)
) with (fillfactor = 80);
create index fraud_orders_scored on fraud_orders (lane, occurred_at) where score is not null;
create index fraud_orders_frauds on fraud_orders (lane, occurred_at) where score is not null and (truth_fraud or labelled_fraud);
create index fraud_orders_cases on fraud_orders (lane, occurred_at desc, order_id collate "C" desc) where decision in ('REVIEW', 'DECLINE');
create index fraud_orders_unscored on fraud_orders (lane, truth_at) where score is null and truth_fraud is not null;

create table fraud_labels (
  lane text not null,
  event_id text not null,
  order_id text not null,
  kind text not null check (kind in ('CHARGEBACK', 'VERDICT', 'ALERT_OUTCOME')),
  fraud boolean not null,
  occurred_at timestamptz not null,
  decided_by text,
  primary key (lane, event_id)
);
create index fraud_labels_order on fraud_labels (lane, order_id);

-- What an analyst wrote to a verdict: the label event has no room for it.
create table fraud_verdict_notes (
  lane text not null,
  event_id text not null,
  note text not null,
  primary key (lane, event_id)
);

-- Feature vectors of the first scores of a model version, until they have become its reference.
create table fraud_drift_samples (
  id bigint generated always as identity primary key,
  lane text not null,
  model_version text not null,
  features jsonb not null
);
create index fraud_drift_samples_model on fraud_drift_samples (lane, model_version, id);

-- How the features of a model version were distributed when it was new: per feature its cuts, and how many samples lay in each bin.
create table fraud_drift_references (
  lane text not null,
  model_version text not null,
  samples integer not null,
  bins jsonb not null,
  created_at timestamptz not null default now(),
  primary key (lane, model_version)
);

-- How many scores of an hour of event time lay in each bin of the reference.
create table fraud_drift_counts (
  lane text not null,
  model_version text not null,
  hour timestamptz not null,
  feature text not null,
  counts bigint[] not null,
  primary key (lane, model_version, hour, feature)
);
