-- Up Migration
-- judged: somebody said whether the alert was right; of an outage each author's last word stands, and the last word of all counts.
alter table alert_actions drop constraint alert_actions_action_check;
alter table alert_actions add constraint alert_actions_action_check check (action in ('acknowledged', 'unacknowledged', 'commented', 'snoozed', 'judged'));
alter table alert_actions add column verdict text check (verdict in ('true', 'false', 'unsure'));
alter table alert_actions add constraint alert_actions_is_judged_check check ((action = 'judged') = (verdict is not null));
create index alert_actions_judged on alert_actions (lane, acted_at) where action = 'judged';

-- Signs the links in messages by which people answer; made once, known to every notifier of the lane.
create table link_keys (
  lane text primary key,
  key bytea not null,
  created_at timestamptz not null default now()
);

-- The message of its own that an integration edits as a group changes; gone once the group has ended.
create table slack_messages (
  lane text not null,
  integration text not null,
  group_key text not null,
  group_hash text not null generated always as (md5(group_key)) stored,
  channel text not null,
  ts text not null,
  posted_at timestamptz not null default now(),
  primary key (lane, integration, group_hash)
);
