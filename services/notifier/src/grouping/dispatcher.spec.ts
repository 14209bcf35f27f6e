import { describe, expect, it } from '@jest/globals';
import { parseAlertmanagerConfig } from '../routing/alertmanager-config.js';
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
