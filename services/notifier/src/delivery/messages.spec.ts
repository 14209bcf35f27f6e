import { describe, expect, test } from '@jest/globals';
import { alertOf, noticeOf, NOON } from '../../test/notices.js';
import { emailMessage } from './email-message.js';
import { Links } from './links.js';
import { madeOf, webhookBody, type Notice } from './message.js';
import { escapeSlack, slackMessage } from './slack-message.js';

const DASHBOARD = 'http://127.0.0.1:8080/';
const LINKS = new Links(DASHBOARD);
const [WINDOW] = alertOf().decision?.evidence ?? [];

/** A decision that rests on so many windows, of twenty partitions each. */
function restingOn(windows: number): { value: number; threshold: number; evidence: NonNullable<typeof WINDOW>[] } {
  const sourceOffsets = Array.from({ length: 20 }, (_, partition) => ({ topic: 'shop.orders.v1', partition, firstOffset: 1, lastOffset: 2 }));
  const evidence = Array.from({ length: windows }, (_, revision) => (WINDOW === undefined ? [] : [{ ...WINDOW, revision, sourceOffsets }])).flat();
  return { value: 1, threshold: 2, evidence };
}

describe('webhook', () => {
  test("is Alertmanager's version 4, with type and timestamp, and the evidence with its offsets", () => {
    expect(JSON.parse(webhookBody(noticeOf({}, { fingerprint: 'b', labels: { alertname: 'orders-high', severity: 'critical' }, status: 'resolved', endsAt: NOON + 1, generatorUrl: 'http://prom/g', decision: null }), LINKS))).toEqual({
      version: '4',
      type: 'alerts.firing',
      timestamp: '2026-01-05T12:00:00.500Z',
      status: 'firing',
      receiver: 'ops',
      groupKey: '{}:{alertname="orders-high"}',
      groupLabels: { alertname: 'orders-high' },
      commonLabels: { alertname: 'orders-high', severity: 'critical' },
      commonAnnotations: { summary: '150 orders' },
      externalURL: DASHBOARD,
      truncatedAlerts: 0,
      alerts: [
        {
          status: 'firing',
          labels: alertOf().labels,
          annotations: { summary: '150 orders' },
          startsAt: '2026-01-05T12:00:00.000Z',
          endsAt: '0001-01-01T00:00:00Z',
          generatorURL: `${DASHBOARD}?alert=8f14a41207c8456c&startsAt=${String(NOON)}`,
          fingerprint: '8f14a41207c8456c',
          millrace: {
            value: 150,
            threshold: 100,
            evidence: [{ ...WINDOW, windowStart: '2026-01-05T11:59:00.000Z', windowEnd: '2026-01-05T12:00:00.000Z' }],
            evidenceOmitted: 0,
            url: `${DASHBOARD}?alert=8f14a41207c8456c&startsAt=${String(NOON)}`,
          },
        },
        {
          status: 'resolved', labels: { alertname: 'orders-high', severity: 'critical' }, annotations: { summary: '150 orders' },
          startsAt: '2026-01-05T12:00:00.000Z', endsAt: '2026-01-05T12:00:00.001Z', generatorURL: 'http://prom/g', fingerprint: 'b',
        },
      ],
    });
  });

  test('stays under 20 kB and says what it left out; the deciding window stays', () => {
    const body = webhookBody(noticeOf({ decision: restingOn(40), labels: { rule: 'x'.repeat(1_000_000) } }), LINKS);
    expect(Buffer.byteLength(body)).toBeLessThan(20_000);
    const { alerts: [alert] } = JSON.parse(body) as { alerts: { millrace: { evidence: { revision: number }[]; evidenceOmitted: number } }[] };
    expect(alert?.millrace.evidence.at(-1)?.revision).toBe(39);
    expect((alert?.millrace.evidence.length ?? 0) + (alert?.millrace.evidenceOmitted ?? 0)).toBe(40);
  });

  /** Alertmanager's own table. */
  test.each([[0, 10, 0], [4, 4, 6], [100, 10, 0]])('of 10 alerts with max_alerts %i it has %i and says that %i are cut', (maxAlerts, there, cut) => {
    const body = JSON.parse(webhookBody(noticeOf(...Array.from({ length: 10 }, (_, place) => ({ fingerprint: String(place) }))), LINKS, maxAlerts)) as { alerts: unknown[]; truncatedAlerts: number };
    expect([body.alerts.length, body.truncatedAlerts]).toEqual([there, cut]);
  });

  test('counts what the notice itself had to leave out', () => {
    expect(JSON.parse(webhookBody({ ...noticeOf({}, {}), truncated: 7 }, LINKS, 1))).toMatchObject({ truncatedAlerts: 8 });
  });
});

describe('e-mail', () => {
  test('tells each alert with its evidence, and how many more there are', () => {
    const { subject, text } = emailMessage({ ...noticeOf({}, { labels: { alertname: 'low-stock' }, status: 'resolved', endsAt: NOON + 60_000 }), truncated: 3 }, LINKS);
    expect(subject).toBe('[FIRING 5] orders-high, low-stock: 150 orders');
    expect(text).toContain('orders-high, low-stock: 1 firing, 1 resolved');
    expect(text).toContain('low-stock is resolved');
    expect(text).toContain('shop.orders.v1[2] 10-19');
    expect(text).toContain('... and 3 more');
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
    const evidence = WINDOW === undefined ? [] : [{ ...WINDOW, metricKey: evil, sourceOffsets: [{ topic: evil, partition: 0, firstOffset: 0, lastOffset: 0 }] }];
    const text = JSON.stringify(slackMessage(noticeOf({ annotations: { summary: evil }, labels: { alertname: evil, severity: evil, [evil]: evil }, decision: { value: 1, threshold: null, evidence } }), LINKS));
    expect(text.match(/<[^>]*>/g)).toEqual([`<${DASHBOARD}?alert=8f14a41207c8456c&amp;startsAt=${String(NOON)}|Open in the dashboard>`]);
  });

  test('shows state, value, limit, evidence with its offsets, and the colour of the severity', () => {
    const { text, attachments } = slackMessage(noticeOf(), LINKS);
    expect(text).toBe('Firing: orders-high - 150 orders');
    expect(attachments[0]?.color).toBe('#c62828');
    const shown = JSON.stringify(attachments);
    expect(shown).toContain('value 150, limit 100');
    expect(shown).toContain('orders{country=DE} 1m at 2026-01-05 11:59 UTC = 150 (revision 3); shop.orders.v1[2] 10-19');
    expect(slackMessage(noticeOf({ status: 'resolved', endsAt: NOON + 60_000 }), LINKS).attachments[0]?.color).toBe('#2e7d32');
  });

  test('of a group it shows five alerts, and says how many there are', () => {
    const { text, attachments } = slackMessage({ ...noticeOf(...Array.from({ length: 8 }, () => ({}))), truncated: 2 }, LINKS);
    expect(text).toBe('Firing: orders-high (10 alerts)');
    expect(attachments).toHaveLength(6);
    expect(JSON.stringify(attachments.at(-1))).toContain('and 5 more');
  });

  test('stays within what Slack takes', () => {
    const long = '<'.repeat(100_000);
    const labels = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`label${String(index)}`, long]));
    const { attachments } = slackMessage(noticeOf({ labels: { ...labels, alertname: long }, annotations: { summary: long } }), LINKS);
    const texts = [...JSON.stringify(attachments).matchAll(/"text":"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]?.length ?? 0);
    expect(Math.max(...texts)).toBeLessThanOrEqual(3_000);
    expect(texts.reduce((sum, length) => sum + length, 0)).toBeLessThan(13_000);
  });
});

describe('a message that cannot be made', () => {
  const broken = noticeOf({ decision: { value: 1, threshold: 2, evidence: [null as never] } });

  test.each<[string, (notice: Notice) => string]>([
    ['webhook', (notice) => webhookBody(notice, LINKS)],
    ['Slack', (notice) => JSON.stringify(slackMessage(notice, LINKS))],
    ['e-mail', (notice) => JSON.stringify(emailMessage(notice, LINKS))],
  ])('%s: is told all the same, with the failure in it', (_, make) => {
    expect(() => make(broken)).toThrow(TypeError);
    const text = madeOf(broken, make);
    for (const part of ['150 orders (The message could not be made whole: ', 'orders-high', String(NOON)]) expect(text).toContain(part);
  });

  test('throws where nothing can be made of it at all', () => {
    expect(() => madeOf(broken, () => { throw new RangeError('never'); })).toThrow('never');
  });
});

describe('links that answer', () => {
  const answering = new Links(DASHBOARD, { sign: ({ fingerprint }, receiver) => `${fingerprint}.${receiver}` });
  const token = 'token=8f14a41207c8456c.ops';

  test('stand in every message, one for each answer, in the name of its receiver', () => {
    const buttons = JSON.stringify(slackMessage(noticeOf(), answering));
    for (const answer of ['acknowledge', 'true', 'false', 'unsure']) {
      expect(buttons).toContain(`${token}&answer=${answer}"`);
      expect(emailMessage(noticeOf(), answering).text).toContain(`${token}&answer=${answer}`);
    }
    expect(JSON.parse(webhookBody(noticeOf(), answering))).toMatchObject({ alerts: [{ millrace: { answerUrl: expect.stringMatching(new RegExp(`${token}$`)) } }] });
  });

  test('do not stand in a test message', () => {
    for (const message of [JSON.stringify(slackMessage({ ...noticeOf(), test: true }, answering)), emailMessage({ ...noticeOf(), test: true }, answering).text, webhookBody({ ...noticeOf(), test: true }, answering)]) {
      expect(message).not.toContain('token=');
    }
  });
});
