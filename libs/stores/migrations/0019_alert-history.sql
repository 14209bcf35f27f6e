-- Up Migration
-- The pages of the history, newest first. Of 100,000 outages the first took 3 s without.
create index alerts_newest on alerts (lane, first_starts_at desc, id desc);
create index alert_actions_newest on alert_actions (lane, acted_at desc, id desc);
-- Entries that wait for vacuum are gone through at every look-up: 25 ms for each alert of whether somebody was told of it, 0.1 ms without.
alter index deliveries_alert set (fastupdate = off);
