import { describe, expect, it } from '@jest/globals';
import { FileError } from '@millrace/service-kit/yaml-file';
import { parseAlertmanagerConfig } from './alertmanager-config.js';

/** In the shape of the example that Alertmanager ships, less what Millrace does not have. */
const GOOD = `
global:
  resolve_timeout: 10m
  smtp_smarthost: 'localhost:25'
  smtp_from: 'alertmanager@example.org'
route:
  group_by: ['alertname', 'cluster', 'service']
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 3h
  receiver: team-X-mails
  routes:
    - matchers:
        - service=~"foo1|foo2|baz"
      receiver: team-X-mails
      routes:
        - matchers: [severity="critical"]
          receiver: team-X-pager
          mute_time_intervals: [offhours]
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: ['alertname', 'cluster', 'service']
  - null
time_intervals:
  - name: offhours
    time_intervals: [{weekdays: ['saturday', 'sunday']}]
receivers:
  - name: team-X-mails
    email_configs: [{to: 'team-X+alerts@example.org', send_resolved: true}]
  - name: team-X-pager
    webhook_configs:
      - url: https://pager.example.org/hook
        max_alerts: 20
        millrace: {signing_secrets: [{env: PAGER_SECRET}], retry: [0, 5, 60]}
    slack_configs: [{api_url_file: /run/secrets/slack, channel: '#ops'}]
`;

describe('alertmanager.yml', () => {
  it('takes what Alertmanager takes, and marks what is ours', () => {
    const config = parseAlertmanagerConfig('a.yml', GOOD);
    expect(config.resolveTimeoutMs).toBe(600_000);
    expect([...config.receivers.keys()]).toEqual(['team-X-mails', 'team-X-pager']);
    expect(config.inhibitRules).toHaveLength(1);
    expect(config.route.routes[0]?.routes[0]).toMatchObject({ receiver: 'team-X-pager', groupBy: ['alertname', 'cluster', 'service'], groupWaitMs: 30_000, repeatIntervalMs: 10_800_000 });
    expect(config.original).toBe(GOOD);
  });

  /** The text that is put in the place of another, and the problem with its line. */
  it.each([
    ['    email_configs:', '    pagerduty_configs: [{routing_key: x}]\n    email_configs:', 'a.yml:30: receivers.0.pagerduty_configs: Alertmanager delivers to pagerduty, Millrace does not: it has webhook_configs, slack_configs and email_configs'],
    ['api_url_file: /run/secrets/slack', 'api_url: https://hooks.slack.com/x', 'a.yml:36: receivers.1.slack_configs.0.api_url: a secret does not stand in the file: use api_url_file'],
    ["channel: '#ops'", "text: '{{ .x }}'", 'a.yml:36: receivers.1.slack_configs.0.text: Go templates are not supported: Millrace writes the message; remove it'],
    ['receiver: team-X-pager', 'receiver: team-Y', 'a.yml:18: route.routes.0.routes.0.receiver: there is no receiver "team-Y"'],
    ['[offhours]', '[offhours, weekend]', 'a.yml:19: route.routes.0.routes.0.mute_time_intervals.1: there is no time interval "weekend"'],
    ['group_wait: 30s', 'group_wait: 30', 'a.yml:8: route.group_wait: Invalid input: expected string, received number'],
    ['group_interval: 5m', 'group_interval: 0s', 'a.yml:9: route.group_interval: must be more than 0'],
    ['- service=~"foo1|foo2|baz"', '- service=~"("', /a\.yml:14: route\.routes\.0\.matchers\.0: "\(" is no expression of RE2/],
    ['  receiver: team-X-mails\n  routes', '  matchers: [a="b"]\n  receiver: team-X-mails\n  routes', 'a.yml:6: route: the first route takes every alert: it has no matchers'],
    ['name: team-X-pager', 'name: team-X-mails', 'a.yml:31: receivers.1.name: "team-X-mails" is there twice'],
    ['[{env: PAGER_SECRET}]', '[whsec_abc]', 'a.yml:35: receivers.1.webhook_configs.0.millrace.signing_secrets.0: must be a reference: { env: NAME } or { file: PATH }'],
    ['resolve_timeout: 10m', 'resolve_timeout: 10m\n  victorops_api_url: x', 'a.yml:4: global.victorops_api_url: is not supported; see docs/alerting.md for what is'],
    ['time_intervals:\n', 'templates: ["*.tmpl"]\ntime_intervals:\n', /Go templates are not supported/],
    ['route:\n', 'route: [\n', /^a\.yml:\d+: /],
  ] as const)('refuses %j -> %j', (old, text, problem) => {
    expect(GOOD).toContain(old);
    let caught: unknown;
    try {
      parseAlertmanagerConfig('a.yml', GOOD.replace(old, text));
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(FileError);
    const problems = caught instanceof FileError ? caught.problems : [];
    if (typeof problem === 'string') expect(problems).toContain(problem);
    else expect(problems.some((one) => problem.test(one))).toBe(true);
  });

  it('names all problems at once', () => {
    expect(() => parseAlertmanagerConfig('a.yml', GOOD.replace('[offhours]', '[x]').replace('receiver: team-X-pager', 'receiver: y'))).toThrow(/team-X-pager|"y".*\n.*"x"|"x"/s);
  });
});
