import { describe, expect, test } from '@jest/globals';
import type { AlertEvent } from '@millrace/contracts';
import { planDeliveries } from '../alert-intake.js';
import { webhookBody } from './message.js';
import type { Receiver } from './receiver.js';
import { escapeSlack, slackMessage } from './slack-message.js';

const NOON = Date.UTC(2026, 0, 5, 12);
const DASHBOARD = 'http://127.0.0.1:8080/';

function alertOf(change: Partial<AlertEvent> = {}): AlertEvent {
  return {
    eventId: 'e1',
    fingerprint: '8f14a41207c8456c',
    status: 'FIRING',
    rule: 'orders-high',
    severity: 'critical',
    labels: { rule: 'orders-high', severity: 'critical', lane: 'live', country: 'DE' },
    annotations: { summary: '150 orders' },
    value: 150,
    threshold: 100,
    startsAt: NOON,
    endsAt: null,
    occurredAt: NOON + 500,
    evidence: [
      {
        metricKey: 'orders{country=DE}', window: '1m', windowStart: NOON - 60_000, windowEnd: NOON, value: 150, revision: 3,
        sourceOffsets: [{ topic: 'shop.orders.v1', partition: 2, firstOffset: 10, lastOffset: 19 }],
      },
    ],
    lane: 'live',
    ...change,
  };
}

const notice = (change: Partial<AlertEvent> = {}): { id: string; alert: AlertEvent; test: boolean } => ({ id: 'msg_e1', alert: alertOf(change), test: false });

describe('webhook', () => {
  test('has type, timestamp and data, with the evidence and its offsets', () => {
    expect(JSON.parse(webhookBody(notice(), DASHBOARD))).toMatchObject({
      type: 'alert.firing',
      timestamp: '2026-01-05T12:00:00.500Z',
      data: {
        fingerprint: '8f14a41207c8456c',
        startsAt: '2026-01-05T12:00:00.000Z',
        endsAt: null,
        evidence: [{ windowStart: '2026-01-05T11:59:00.000Z', sourceOffsets: [{ topic: 'shop.orders.v1', partition: 2, firstOffset: 10, lastOffset: 19 }] }],
        evidenceOmitted: 0,
        url: `${DASHBOARD}?alert=8f14a41207c8456c&startsAt=${NOON}`,
      },
    });
  });

  test('stays under 20 kB and says what it left out; the deciding window stays', () => {
    const [window] = alertOf().evidence;
    const sourceOffsets = Array.from({ length: 20 }, (_, partition) => ({ topic: 'shop.orders.v1', partition, firstOffset: 1, lastOffset: 2 }));
    const evidence = Array.from({ length: 40 }, (_, revision) => (window === undefined ? [] : [{ ...window, revision, sourceOffsets }])).flat();
    const body = webhookBody(notice({ evidence, labels: { rule: 'x'.repeat(1_000_000) } }), DASHBOARD);
    expect(Buffer.byteLength(body)).toBeLessThan(20_000);
    const { data } = JSON.parse(body) as { data: { evidence: { revision: number }[]; evidenceOmitted: number } };
    expect(data.evidence.at(-1)?.revision).toBe(39);
    expect(data.evidence.length + data.evidenceOmitted).toBe(40);
  });
});

describe('Slack', () => {
  test.each([
    ['<!channel>', '&lt;!channel&gt;'],
    ['<http://evil|bank>', '&lt;http://evil|bank&gt;'],
    ['a & b', 'a &amp; b'],
    ['&lt;', '&amp;lt;'],
  ])('%s is shown as it is', (text, expected) => {
    expect(escapeSlack(text)).toBe(expected);
  });

  test('nothing of an alert becomes a mention or a link, wherever it stands', () => {
    const evil = '<!channel> <http://evil|bank> <@U1>';
    const [window] = alertOf().evidence;
    const text = JSON.stringify(
      slackMessage(notice({
        rule: evil, severity: evil, annotations: { summary: evil }, labels: { [evil]: evil },
        evidence: window === undefined ? [] : [{ ...window, metricKey: evil, sourceOffsets: [{ topic: evil, partition: 0, firstOffset: 0, lastOffset: 0 }] }],
      }), DASHBOARD),
    );
    expect(text.match(/<[^>]*>/g)).toEqual([`<${DASHBOARD}?alert=8f14a41207c8456c&amp;startsAt=${NOON}|Open in the dashboard>`]);
  });

  test('shows state, value, limit, evidence with its offsets, and the colour of the severity', () => {
    const { text, attachments } = slackMessage(notice(), DASHBOARD);
    expect(text).toBe('Firing: orders-high - 150 orders');
    expect(attachments[0]?.color).toBe('#c62828');
    const shown = JSON.stringify(attachments);
    expect(shown).toContain('value 150, limit 100');
    expect(shown).toContain('orders{country=DE} 1m at 2026-01-05 11:59 UTC = 150 (revision 3); shop.orders.v1[2] 10-19');
    expect(slackMessage(notice({ status: 'RESOLVED', endsAt: NOON + 60_000 }), DASHBOARD).attachments[0]?.color).toBe('#2e7d32');
  });

  test('stays within what Slack takes', () => {
    const long = '<'.repeat(100_000);
    const labels = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`label${index}`, long]));
    const { attachments } = slackMessage(notice({ rule: long, labels, annotations: { summary: long } }), DASHBOARD);
    const texts = [...JSON.stringify(attachments).matchAll(/"text":"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]?.length ?? 0);
    expect(Math.max(...texts)).toBeLessThanOrEqual(3_000);
    expect(texts.reduce((sum, length) => sum + length, 0)).toBeLessThan(13_000);
  });
});

describe('a lane that is not live', () => {
  const common = { match: new Map(), sendResolved: true, schedule: [0], concurrency: 1, paceMs: 0 };
  const receivers: readonly Receiver[] = [
    { ...common, name: 'log', type: 'log' },
    { ...common, name: 'ops', type: 'webhook', url: new URL('https://ops.example.com'), privateAllowed: false, secrets: [] },
  ];

  test('writes to logs only, and records what it did not send', () => {
    expect(planDeliveries(alertOf(), receivers, false)).toEqual([{ receiver: 'log', state: 'pending' }, { receiver: 'ops', state: 'suppressed' }]);
    expect(planDeliveries(alertOf(), receivers, true)).toEqual([{ receiver: 'log', state: 'pending' }, { receiver: 'ops', state: 'pending' }]);
  });
});
