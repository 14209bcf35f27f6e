-- Up Migration
-- Why a receiver was not told of an outage that fires: for each reason, since when. muted_by: id of the silence, fingerprint of the alert that
-- inhibits it, name of the time interval.
create table alert_mutings (
  lane text not null,
  fingerprint text not null,
  first_starts_at timestamptz not null,
  receiver text not null,
  reason text not null check (reason in ('silence', 'inhibition', 'time-interval')),
  muted_by text not null,
  since timestamptz not null,
  primary key (lane, fingerprint, first_starts_at, receiver, reason, muted_by)
);
create index alert_mutings_since on alert_mutings (lane, since);
