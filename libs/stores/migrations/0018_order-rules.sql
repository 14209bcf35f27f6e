-- Up Migration
-- What rules about orders know: who or what an alert is about, the orders that it counts, and how far the scores were read.
create table ruler_order_groups (
  lane text not null,
  rule text not null,
  group_key text not null,
  dimensions jsonb not null,
  -- How the rule chose its orders when this was written.
  shape text not null,
  announced jsonb not null default '[]',
  -- Event time (ms) at which the alert ends that fires now, if no other order comes; null: none does.
  ends_at bigint,
  primary key (lane, rule, group_key)
);
create index ruler_order_groups_firing on ruler_order_groups (lane, ends_at) where ends_at is not null;

create table ruler_orders (
  lane text not null,
  rule text not null,
  order_id text not null,
  group_key text not null,
  -- False: it did, until a higher revision of its score came.
  is_match boolean not null,
  -- Event time, ms.
  at bigint not null,
  revision bigint not null,
  score double precision not null,
  -- The score's own record, and those that it rests on.
  offsets jsonb not null,
  primary key (lane, rule, order_id),
  foreign key (lane, rule, group_key) references ruler_order_groups on delete cascade
);
create index ruler_orders_group on ruler_orders (lane, rule, group_key, at);
create index ruler_orders_at on ruler_orders (lane, rule, at);

create table ruler_order_clock (
  lane text not null,
  partition integer not null,
  -- Newest event time (ms) of a score read from the partition.
  newest bigint not null,
  primary key (lane, partition)
);
