import { describe, expect, it } from '@jest/globals';
import { parseAlertmanagerConfig } from '../routing/alertmanager-config.js';
import { Matcher } from '../routing/matcher.js';
import type { Alert } from './alert.js';
import { Dispatcher, type Logged, type Outcome } from './dispatcher.js';

const MINUTE = 60_000;
const CONFIG = parseAlertmanagerConfig('a.yml', `
route: { receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 4h, millrace: { escalate: [{ after: 10m, receiver: lead }] } }
receivers: [{ name: team, webhook_configs: [{ url: 'https://team.example' }] }, { name: lead, webhook_configs: [{ url: 'https://lead.example' }] }]
`);

function alertOf(n: string, startsAt: number): Alert {
  return { fingerprint: n, labels: { alertname: 'a', n }, annotations: {}, startsAt, firstStartsAt: startsAt, endsAt: Infinity, isTimeout: false, updatedAt: startsAt, generatorUrl: '', decision: null };
}

const told = ({ notifications }: Outcome): string[] => notifications.map(({ integration, at, firing, resolved }) => `${integration.receiver} ${String(at / MINUTE)} ${[...firing, ...resolved].map(({ fingerprint }) => fingerprint).join('')}`);

const QUIET = parseAlertmanagerConfig('a.yml', `
route: { receiver: nobody, group_by: ['...'], group_wait: 30s, group_interval: 5m, routes: [{ matchers: ['n=~"[12]"'], receiver: team }, { matchers: ['n=3'], receiver: night, mute_time_intervals: [always] }] }
receivers: [{ name: nobody }, { name: team, webhook_configs: [{ url: 'https://team.example' }] }, { name: night, webhook_configs: [{ url: 'https://night.example' }] }]
inhibit_rules: [{ source_matchers: [n=1], target_matchers: [n=2] }]
time_intervals: [{ name: always, time_intervals: [{ times: [{ start_time: '00:00', end_time: '24:00' }] }] }]
`);
const muted = (outcome: Outcome): string[] => outcome.muted.map(({ alert, receiver, reason, by, at }) => `${receiver} not of ${alert.fingerprint} at ${String(at / MINUTE)}: ${reason} ${by}`);

describe('why nobody is told', () => {
  it('is said once for each reason, of what fires', () => {
    const dispatcher = new Dispatcher(QUIET);
    for (const n of ['1', '2', '3']) dispatcher.take(alertOf(n, 0), 0);
    dispatcher.silence({ id: 's1', matchers: [new Matcher('n', '=', '1')], startsAt: 0, endsAt: 100 * MINUTE });
    expect(muted(dispatcher.advance(MINUTE)).sort()).toEqual(['night not of 3 at 0.5: time-interval always', 'team not of 1 at 0.5: silence s1', 'team not of 2 at 0.5: inhibition 1']);
    expect(muted(dispatcher.advance(6 * MINUTE))).toEqual([]);
    dispatcher.silence({ id: 's2', matchers: [new Matcher('n', '=~', '.*')], startsAt: 0, endsAt: 100 * MINUTE });
    expect(muted(dispatcher.advance(11 * MINUTE)).sort()).toEqual(['team not of 1 at 10.5: silence s2', 'team not of 2 at 10.5: silence s2']);
    dispatcher.take({ ...alertOf('2', 0), endsAt: 12 * MINUTE, updatedAt: 12 * MINUTE }, 12 * MINUTE);
    dispatcher.silence({ id: 's3', matchers: [new Matcher('n', '=', '2')], startsAt: 0, endsAt: 100 * MINUTE });
    expect(muted(dispatcher.advance(16 * MINUTE))).toEqual([]);
    dispatcher.take(alertOf('2', 17 * MINUTE), 17 * MINUTE);
    expect(muted(dispatcher.advance(18 * MINUTE)).sort()).toEqual(['team not of 2 at 17.5: inhibition 1', 'team not of 2 at 17.5: silence s2', 'team not of 2 at 17.5: silence s3']);
  });

  it('says nothing of what is told', () => {
    const dispatcher = new Dispatcher(QUIET);
    dispatcher.take(alertOf('1', 0), 0);
    const outcome = dispatcher.advance(MINUTE);
    expect([told(outcome), muted(outcome)]).toEqual([['team 0.5 1'], []]);
  });
});

describe('a dispatcher that goes on where another left off', () => {
  const before = (): { alerts: Alert[]; log: Logged[] } => {
    const first = new Dispatcher(CONFIG);
    const alerts = [first.take(alertOf('1', 0), 0)];
    return { alerts, log: [...first.advance(MINUTE).logged] };
  };

  it('tells nothing twice, and keeps the times of its groups', () => {
    const { alerts, log } = before();
    const next = new Dispatcher(CONFIG);
    next.restore(alerts, log, 2 * MINUTE);
    next.take(alertOf('2', 3 * MINUTE), 3 * MINUTE);
    expect(told(next.advance(5 * MINUTE))).toEqual([]);
    expect(told(next.advance(6 * MINUTE))).toEqual(['team 5.5 12']);
  });

  it('escalates at once what became due while nobody dispatched, and keeps to the times all the same', () => {
    const { alerts, log } = before();
    const next = new Dispatcher(CONFIG);
    next.restore(alerts, log, 20 * MINUTE);
    expect(told(next.advance(20 * MINUTE))).toEqual(['lead 20 1']);
    expect(told(next.advance(40 * MINUTE))).toEqual([]);
  });

  it('waits no longer than the wait with what was never told', () => {
    const next = new Dispatcher(CONFIG);
    next.restore([alertOf('1', 0)], [], MINUTE / 4);
    expect(told(next.advance(MINUTE))).toEqual(['team 0.5 1']);
  });

  it('tells the end of what it held, once, and lets it go', () => {
    const { alerts, log } = before();
    const next = new Dispatcher(CONFIG);
    next.restore(alerts, log, 2 * MINUTE);
    next.take({ ...alertOf('1', 0), endsAt: 3 * MINUTE, updatedAt: 3 * MINUTE }, 3 * MINUTE);
    const { notifications, logged, released } = next.advance(6 * MINUTE);
    expect(notifications.map(({ firing, resolved }) => [firing.length, resolved.length])).toEqual([[0, 1]]);
    expect(logged).toMatchObject([{ entry: null }]);
    expect(released.map(({ fingerprint }) => fingerprint)).toEqual(['1']);
    expect(next.known('1')).toBeUndefined();
    expect(next.dueAt()).toBeNull();
  });
});
