-- Up Migration
-- When it was queued last: at its creation, or when somebody had it sent again. The retry schedule begins there.
alter table deliveries add column queued_at timestamptz not null default now();
update deliveries set queued_at = created_at;
