import { expect, test } from '@jest/globals';
import { OfflineRuler, rules } from '../../test/offline-ruler.js';
import type { Reading, Survey } from './survey.js';

const SERIES = { group: 'sink', topic: 'shop.orders.v1' };
const lag = (value: number): Reading => ({ metric: 'consumer_lag', dimensions: SERIES, value, count: value, offsets: [] });
const all = (...readings: Reading[]): Survey => ({ readings, covers: () => true });
const nothing: Survey = { readings: [], covers: () => false };
const LAGS = '  - { name: lags, kind: threshold, metric: consumer_lag, window: 1m, match: { group: "*", topic: "*" }, is: ">", value: 100, clear: 50';

const ruler = (rest = ''): OfflineRuler => new OfflineRuler(rules(`${LAGS}${rest} }`));

test('each look is a revision of its minute, and fires and clears at once', () => {
  const system = ruler();
  expect(system.survey(0, all(lag(99))).survey(0.25, all(lag(120))).survey(0.5, all(lag(60))).survey(0.75, all(lag(40))).story).toEqual(['FIRING 1-', 'RESOLVED 1-1']);
  expect(system.alerts[0]).toMatchObject({ value: 120, threshold: 100, labels: SERIES });
});

test('must hold for as long as the rule says', () => {
  const system = ruler(', for: 2m');
  for (const minute of [0, 1, 1.5]) system.survey(minute, all(lag(500)));
  expect(system.story).toEqual([]);
  expect(system.survey(2, all(lag(500))).story).toEqual(['FIRING 3-']);
});

test('a series that is gone resolves; one that nobody could ask about stays', () => {
  const system = ruler();
  system.survey(0, all(lag(500))).survey(1, nothing);
  expect(system.story).toEqual(['FIRING 1-']);
  expect(system.survey(2, all()).survey(3, all()).story).toEqual(['FIRING 1-', 'RESOLVED 1-3']);
  expect(system.alerts[1]?.value).toBeNull();
});

test('rises are judged by a rate', () => {
  const rising = new OfflineRuler(rules('  - { name: rises, kind: rate, metric: consumer_lag, window: 1m, match: { group: "*", topic: "*" }, direction: up, over: 5, percent: 100, minBase: 10 }'));
  [20, 22, 25, 30, 35, 39, 50].forEach((value, minute) => rising.survey(minute, all(lag(value))));
  expect(rising.story).toEqual(['FIRING 7-']);
});

test('a look that is older than the last one changes nothing', () => {
  const system = ruler().survey(0.5, all(lag(500)));
  expect(system.survey(0.25, all(lag(0))).story).toEqual(['FIRING 1-']);
});
