import { describe, expect, test } from '@jest/globals';
import type { AlertEvent } from '@millrace/contracts';
import { ofRuler, restored, stored } from './told-alert.js';

const NOW = 1_000_000;
const POSITION = { topic: 'alerts.v1', partition: 0, offset: 7 };

function eventOf(change: Partial<AlertEvent> = {}): AlertEvent {
  return {
    eventId: 'e1', fingerprint: 'f1', status: 'FIRING', rule: 'high', severity: 'critical', labels: { rule: 'high' }, annotations: {}, value: 1, threshold: 2,
    startsAt: NOW - 10, endsAt: null, occurredAt: NOW, evidence: [], lane: 'live', ...change,
  };
}

describe('what the ruler decided', () => {
  test('has an alertname, goes on until the ruler ends it, and is the same after it was stored', () => {
    const { alert, eventId, position } = ofRuler(eventOf(), POSITION, NOW);
    expect([eventId, position]).toEqual(['e1', POSITION]);
    expect(alert).toMatchObject({ labels: { alertname: 'high', rule: 'high' }, startsAt: NOW - 10, endsAt: Infinity, isTimeout: false, decision: { value: 1, threshold: 2 } });
    expect(restored(JSON.parse(JSON.stringify(stored(alert))) as ReturnType<typeof stored>)).toEqual(alert);
  });

  test.each([
    ['ended in the past', { startsAt: NOW - 10, endsAt: NOW - 5 }, [NOW - 10, NOW - 5]],
    ['event time ahead of the clock', { startsAt: NOW + 10, endsAt: NOW + 20 }, [NOW, NOW]],
    ['no end told', { startsAt: NOW - 10, endsAt: null }, [NOW - 10, NOW]],
  ] as const)('is over at once: %s', (_, times, expected) => {
    const { alert } = ofRuler(eventOf({ status: 'RESOLVED', ...times }), POSITION, NOW);
    expect([alert.startsAt, alert.endsAt]).toEqual(expected);
  });

  test('holds nothing that PostgreSQL does not take', () => {
    const { alert } = ofRuler(eventOf({ labels: { 'a\u0000': 'x\ud800y\u0000' }, annotations: { summary: '\udc00' } }), POSITION, NOW);
    expect(alert.labels).toEqual({ alertname: 'high', a: 'x\ufffdy' });
    expect(alert.annotations).toEqual({ summary: '\ufffd' });
  });
});
