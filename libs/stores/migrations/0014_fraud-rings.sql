-- Up Migration
-- The latest report of fraud rings of each lane: what was looked at. A new one replaces it and all its rings.
create table fraud_ring_reports (
  lane text primary key,
  report jsonb not null
);

create table fraud_rings (
  lane text not null references fraud_ring_reports (lane) on delete cascade,
  ring_id text not null,
  rank integer not null,
  -- To find a customer's ring by; at most a hundred.
  customer_ids text[] not null,
  -- What lists show.
  summary jsonb not null,
  -- Who and what is in it, and who used what.
  members jsonb not null,
  primary key (lane, ring_id)
);
