import { describe, expect, test } from '@jest/globals';
import type { MetricWindow } from '@millrace/contracts';
import { MINUTE, NOON, OfflineRuler, rules, ruler, windowOf } from '../test/offline-ruler.js';
import { parseRules } from './rule-file.js';

const DAY = 1_440;
const RULE = '  - { name: odd, kind: seasonal, metric: orders, window: 1m, slot: 1h, minSeasons: 3, fallback: silent, deviations: 6, OPTIONS }';
const seasonal = (options = 'direction: both'): string => RULE.replace('OPTIONS', options);
/** A shop that sells ten times as much by day; every 10 minutes a window, with a little noise that is always the same. */
const usual = (minute: number): number => (Math.floor(minute / 720) % 2 === 0 ? 100 : 10) + (((minute / 10) * 7) % 5);
const day = (from: number, to: number, change: Readonly<Record<number, number>> = {}): MetricWindow[] =>
  Array.from({ length: ((to - from) * DAY) / 10 }, (_, index) => from * DAY + index * 10)
    .map((minute) => windowOf({ minute, value: change[minute] ?? usual(minute) }))
    .map((window) => ({ ...window, watermark: null, final: true }));

describe('seasonal', () => {
  const odd = 5 * DAY + 300;
  test.each([
    ['an evening\'s business in the night', 5 * DAY + 1_000, 100],
    ['a night\'s business by day', odd, 10],
  ])('fires at %s, which the recent windows would not show', (_, minute, value) => {
    const subject = ruler(seasonal()).take(day(0, 6, { [minute]: value, [minute + 10]: value }));
    expect(subject.story).toEqual([`FIRING ${String(minute + 1)}-`, `RESOLVED ${String(minute + 1)}-${String(minute + 21)}`]);
  });

  test('is silent while everything is as usual, also where day becomes night', () => {
    expect(ruler(seasonal()).take(day(0, 14)).story).toEqual([]);
  });

  test.each([
    ['up does not see a fall', 'direction: up', 10, 0],
    ['up sees a rise', 'direction: up', 200, 1],
    ['down does not see a rise', 'direction: down', 200, 0],
    ['a change under minChange is none', 'direction: both, minChange: 150', 200, 0],
    ['a usual value under minBaseline is none', 'direction: both, minBaseline: 150', 200, 0],
  ])('%s', (_, options, value, fires) => {
    expect(ruler(seasonal(options)).take(day(0, 6, { [odd]: value })).alerts.filter(({ status }) => status === 'FIRING')).toHaveLength(fires);
  });

  test('says what is usual at that time', () => {
    const [alert] = ruler(seasonal()).take(day(0, 6, { [odd]: 300 })).alerts;
    expect(alert?.threshold).toBeGreaterThan(102);
    expect(alert?.threshold).toBeLessThan(150);
  });

  test('is silent until it knows enough seasons, or goes by the recent windows', () => {
    const early = day(0, 3, { [2 * DAY + 650]: 300 });
    expect(ruler(seasonal()).take(early).story).toEqual([]);
    const recent = ruler(seasonal('direction: up, minChange: 50').replace('silent', 'recent')).take(early);
    expect(recent.story.filter((event) => event.startsWith(`FIRING ${String(2 * DAY + 651)}`))).toHaveLength(1);
  });

  test('learns from an anomaly only as far as it trusts it', () => {
    const broken = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [odd + index * 10, 100_000]));
    const subject = ruler(seasonal()).take(day(0, 7, { ...broken, [odd + DAY]: 200 }));
    expect(subject.story.filter((event) => event.startsWith('FIRING'))).toEqual([`FIRING ${String(odd + 1)}-`, `FIRING ${String(odd + DAY + 1)}-`]);
  });

  test('a new level becomes usual within weeks', () => {
    const grown = day(5, 60).map((window) => ({ ...window, value: window.value * 1.5 }));
    const subject = ruler(seasonal()).take([...day(0, 5), ...grown]);
    const late = subject.alerts.filter(({ startsAt, status }) => status === 'FIRING' && startsAt > NOON + 40 * DAY * MINUTE);
    expect(subject.story.length).toBeGreaterThan(0);
    expect(late).toEqual([]);
    expect(subject.alerts.at(-1)?.status).toBe('RESOLVED');
  });

  test('a week has days of its own', () => {
    const week = (minute: number): number => (Math.floor(minute / DAY) % 7 === 6 ? 10 : 100) + (((minute / 10) * 7) % 5);
    const windows = day(0, 36).map((window) => ({ ...window, value: week((window.windowStart - NOON) / MINUTE) }));
    const weekly = seasonal().replace('slot: 1h', 'season: week, slot: 1h');
    expect(ruler(weekly).take(windows).story).toEqual([]);
    expect(ruler(seasonal()).take(windows).story).not.toEqual([]);
  });

  test('windows twice, stale or later than their neighbours give the same alerts', () => {
    const windows = day(0, 7, { [odd]: 300, [odd + 500]: 200, [odd + 510]: 200 });
    const plain = ruler(seasonal());
    for (const window of windows) plain.take([window]);
    const messy = new OfflineRuler(rules(seasonal()));
    for (let index = 0; index < windows.length; index += 5) {
      const batch = windows.slice(index, index + 5);
      messy.take([...batch].reverse().map((window) => ({ ...window, value: 0, revision: 0, final: false })));
      messy.take([...batch].reverse()).take(windows.slice(Math.max(0, index - 10), index + 5));
    }
    expect(plain.alerts).toHaveLength(4);
    expect(messy.alerts.map(({ eventId }) => eventId)).toEqual(plain.alerts.map(({ eventId }) => eventId));
  });

  test('a window that comes when later ones were judged is judged by what came before it, and they anew', () => {
    const windows = day(0, 6, { [odd]: 300, [odd + 10]: 300 });
    const plain = ruler(seasonal()).take(windows);
    const late = ruler(seasonal());
    const at = windows.findIndex(({ value }) => value === 300);
    for (const window of [...windows.slice(0, at), ...windows.slice(at + 1, at + 8), ...windows.slice(at, at + 1), ...windows.slice(at + 8)]) late.take([window]);
    expect(plain.story).toHaveLength(2);
    expect(late.alerts.at(-1)?.status).toBe('RESOLVED');
    expect(late.alerts.filter(({ status }) => status === 'FIRING')).toHaveLength(1);
  });

  test('follows the clocks of the shop', () => {
    const text = `version: 1\nrules:\n${seasonal()}`;
    const [rule] = parseRules('rules.yaml', text, 'Europe/Berlin').rules;
    expect(rule?.condition).toMatchObject({ timeZone: 'Europe/Berlin', periodMs: DAY * MINUTE, slotMs: 60 * MINUTE });
  });
});
