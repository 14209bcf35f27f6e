import { describe, expect, it } from '@jest/globals';
import { parseAlertmanagerConfig } from './alertmanager-config.js';
import { durationText } from './duration.js';
import { explainRoutes, groupKey, groupLabels, routesOf } from './route.js';

/** The tree of Alertmanager's own route test, in the words of its file. */
const TREE = `
route:
  receiver: notify-def
  routes:
    - matchers: ['{owner="team-A"}']
      receiver: notify-A
      routes:
        - matchers: ['{env="testing"}']
          receiver: notify-testing
          group_by: ['...']
        - match: {env: production}
          receiver: notify-productionA
          group_wait: 1m
          continue: true
        - matchers: [env=~"produ.*", job=~".*"]
          receiver: notify-productionB
          group_wait: 30s
          group_interval: 5m
          repeat_interval: 1h
          group_by: [job]
    - match_re: {owner: 'team-(B|C)'}
      receiver: notify-BC
      group_wait: 2m
      group_by: [foo, bar]
    - matchers: [group_by="role"]
      group_by: [role]
      routes:
        - matchers: [env="testing"]
          receiver: notify-testing
          routes:
            - matchers: [wait="long"]
              group_wait: 2m
receivers: [{name: notify-def}, {name: notify-A}, {name: notify-testing}, {name: notify-productionA}, {name: notify-productionB}, {name: notify-BC}]
`;

/** Labels, then of each route taken: receiver, group_by, group_wait, group_interval, repeat_interval. */
const CASES: readonly (readonly [labels: Record<string, string>, taken: readonly string[]])[] = [
  [{ owner: 'team-A' }, ['notify-A | | 30s 5m 4h']],
  [{ owner: 'team-A', env: 'unset' }, ['notify-A | | 30s 5m 4h']],
  [{ owner: 'team-C' }, ['notify-BC | foo,bar | 2m 5m 4h']],
  [{ owner: 'team-A', env: 'testing' }, ['notify-testing | all | 30s 5m 4h']],
  [{ owner: 'team-A', env: 'production' }, ['notify-productionA | | 1m 5m 4h', 'notify-productionB | job | 30s 5m 1h']],
  [{ group_by: 'role' }, ['notify-def | role | 30s 5m 4h']],
  [{ env: 'testing', group_by: 'role' }, ['notify-testing | role | 30s 5m 4h']],
  [{ env: 'testing', group_by: 'role', wait: 'long' }, ['notify-testing | role | 2m 5m 4h']],
  [{}, ['notify-def | | 30s 5m 4h']],
];

describe('routes', () => {
  const { route } = parseAlertmanagerConfig('tree.yml', TREE);

  it.each(CASES)('%j', (labels, expected) => {
    const taken = routesOf(route, labels).map(({ receiver, groupBy, groupWaitMs, groupIntervalMs, repeatIntervalMs }) =>
      `${receiver} | ${groupBy === null ? 'all' : groupBy.join(',')} | ${[groupWaitMs, groupIntervalMs, repeatIntervalMs].map(durationText).join(' ')}`.replace('|  |', '| |'));
    expect(taken).toEqual(expected);
  });

  it.each(CASES)('says of each route why %j goes there, and agrees with what is taken', (labels) => {
    const steps = explainRoutes(route, labels);
    expect(steps).toHaveLength(9);
    expect(steps.filter(({ outcome }) => outcome === 'taken').map((step) => step.route)).toEqual(routesOf(route, labels));
    expect(steps.every(({ outcome, missing }) => (outcome === 'missed') === (missing !== null))).toBe(true);
  });

  it('has the group keys of Alertmanager', () => {
    const labels = { owner: 'team-A', env: 'production', job: 'api "x"' };
    const keys = routesOf(route, labels).map((taken) => groupKey(taken, groupLabels(taken, labels)));
    expect(keys).toEqual(['{}/{owner="team-A"}/{env="production"}:{}', '{}/{owner="team-A"}/{env=~"produ.*",job=~".*"}:{job="api \\"x\\""}']);
  });

  it('leaves a label that the alert lacks out of its group', () => {
    const [taken] = routesOf(route, { owner: 'team-B', foo: '1' });
    expect(taken === undefined ? null : groupLabels(taken, { owner: 'team-B', foo: '1' })).toEqual({ foo: '1' });
  });
});
