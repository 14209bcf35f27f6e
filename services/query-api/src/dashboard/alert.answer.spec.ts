import { describe, expect, test } from '@jest/globals';
import { deedsOf, deedText, isAcknowledged, type DoneDeed } from './alert.answer.js';

const deed = (action: DoneDeed['action'], change: Partial<DoneDeed> = {}): DoneDeed =>
  ({ action, author: 'me', comment: '', until: null, verdict: null, actedAt: '2026-01-05T12:00:00Z', firstStartsAt: '2026-01-05T11:00:00Z', ...change });

describe('what people did', () => {
  test('the last of acknowledged and given back holds', () => {
    expect(isAcknowledged([])).toBe(false);
    expect(isAcknowledged([deed('commented'), deed('acknowledged'), deed('unacknowledged')])).toBe(true);
    expect(isAcknowledged([deed('unacknowledged'), deed('acknowledged')])).toBe(false);
  });

  test('belongs to one outage, also where that turned out to have begun earlier', () => {
    const deeds = [deed('judged', { verdict: 'true' }), deed('judged', { verdict: 'false', firstStartsAt: '2026-01-04T11:00:00Z' })];
    expect(deedsOf(deeds, { startsAt: '2026-01-05T10:59:00Z', endsAt: null })).toEqual([deeds[0]]);
    expect(deedsOf(deeds, { startsAt: '2026-01-04T11:00:00Z', endsAt: '2026-01-04T12:00:00Z' })).toEqual([deeds[1]]);
  });

  test('is said in words', () => {
    expect(deedText(deed('judged', { verdict: 'false' }), String)).toBe('said: it was wrong');
    expect(deedText(deed('snoozed', { until: 'noon' }), String)).toBe('snoozed it until noon');
  });
});
