-- Up Migration
create table product_names (
  lane text not null,
  product_id text not null,
  name text not null,
  -- Event time of the change that gave the name.
  named_at timestamptz not null,
  primary key (lane, product_id)
);

comment on table product_names is 'What each product is called: the name of the catalogue change that happened last.';
