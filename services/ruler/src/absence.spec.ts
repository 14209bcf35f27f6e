import { describe, expect, test } from '@jest/globals';
import { MINUTE, NOON, OfflineRuler, rules, ruler, windowOf } from '../test/offline-ruler.js';

const DEAD = '  - { name: dead, kind: absence, metric: orders, window: 1m, for: 10m }';
const EACH = DEAD.replace('window: 1m', 'window: 1m, match: { country: "*" }');
const order = (minute: number, country: string): ReturnType<typeof windowOf> => windowOf({ minute, value: 1, dimensions: { country } });

describe('absence in event time', () => {
  test('a series is absent once the watermark is past its silence by a window, and back with its next events', () => {
    const subject = ruler(EACH).take([order(0, 'MT'), order(10, 'DE')]);
    expect(subject.story).toEqual([]);
    subject.take([order(11, 'DE')]);
    expect(subject.story).toEqual(['FIRING MT11-']);
    subject.take([order(12, 'DE'), order(13, 'DE'), order(14, 'MT')]);
    expect(subject.story).toEqual(['FIRING MT11-', 'RESOLVED MT11-15']);
  });

  test('the whole metric is absent only when every series is', () => {
    const subject = ruler(EACH.replace('for: 10m', 'for: 10m, scope: metric')).take([order(0, 'MT'), order(8, 'DE'), order(15, 'FR')]);
    expect(subject.story).toEqual([]);
    subject.take([{ ...windowOf({ minute: 30, value: 0, dimensions: { country: 'FR' } }), count: 0 }]);
    expect(subject.story).toEqual(['FIRING 26-']);
    expect(subject.alerts[0]?.labels).toEqual({ rule: 'dead', severity: 'warning', lane: 'live' });
  });

  test('a window without events ends no absence', () => {
    const subject = ruler(DEAD).take([windowOf({ minute: 0, value: 1 }), { ...windowOf({ minute: 20, value: 0 }), count: 0 }]);
    expect(subject.story).toEqual(['FIRING 11-']);
    subject.take([{ ...windowOf({ minute: 21, value: 0 }), count: 0 }]);
    expect(subject.story).toEqual(['FIRING 11-']);
  });

  test('a silence that came whole, with windows before and after it, is told all the same', () => {
    const windows = [windowOf({ minute: 0, value: 1 }), windowOf({ minute: 20, value: 3 })];
    const story = ['FIRING 11-', 'RESOLVED 11-21'];
    expect(ruler(DEAD).take(windows.map((window) => ({ ...window, watermark: NOON + 21 * MINUTE }))).story).toEqual(story);
    const cut = ruler(DEAD).take(windows.slice(0, 1)).take([{ ...windowOf({ minute: 15, value: 0 }), count: 0 }]).take(windows.slice(1));
    expect(cut.story).toEqual(story);
    expect(cut.alerts[1]).toMatchObject({ value: 3, evidence: [{ value: 3 }] });
  });

  test('what may still come before the watermark is not silence', () => {
    const subject = ruler(DEAD).take([windowOf({ minute: 0, value: 1, watermark: 0 }), windowOf({ minute: 20, value: 1, watermark: 1 })]);
    expect(subject.story).toEqual([]);
  });

  test('delivered twice, or corrected later, it is announced once', () => {
    const windows = [windowOf({ minute: 0, value: 1 }), { ...windowOf({ minute: 20, value: 0 }), count: 0 }];
    const subject = ruler(DEAD).take(windows).take(windows).take([windowOf({ minute: 0, value: 2, revision: 2, watermark: 21, computed: 22 })]);
    expect(subject.story).toEqual(['FIRING 11-']);
  });
});

describe('absence by the wall clock', () => {
  test('when nothing comes at all, it fires once, with the id that event time would give it', () => {
    const subject = ruler(DEAD).take([windowOf({ minute: 0, value: 1 })]).look(10.9);
    expect(subject.story).toEqual([]);
    subject.look(11).look(12).look(500);
    expect(subject.story).toEqual(['FIRING 11-']);
    const told = ruler(DEAD).take([windowOf({ minute: 0, value: 1 }), { ...windowOf({ minute: 20, value: 0 }), count: 0 }]).alerts;
    expect(subject.alerts.map(({ eventId }) => eventId)).toEqual(told.map(({ eventId }) => eventId));
    subject.take([{ ...windowOf({ minute: 20, value: 0 }), count: 0 }]);
    expect(subject.alerts).toHaveLength(1);
    subject.take([windowOf({ minute: 501, value: 4 })]);
    expect(subject.story).toEqual(['FIRING 11-', 'RESOLVED 11-502']);
    expect(subject.alerts[0]).toMatchObject({ value: 0, evidence: [{ value: 1 }] });
  });

  test('while it goes on, a look writes nothing', () => {
    const subject = ruler(DEAD).take([windowOf({ minute: 0, value: 1 })]).look(11);
    const [before] = subject.stored;
    expect(subject.look(12).stored[0]).toBe(before);
  });

  test('counts from the computation, so that data of the past are no silence while they come', () => {
    const subject = ruler(DEAD).take([windowOf({ minute: 0, value: 1, computed: 9_000 })]).look(9_009);
    subject.take([windowOf({ minute: 1, value: 1, computed: 9_009 })]).look(9_018);
    expect(subject.story).toEqual([]);
    subject.look(9_019);
    expect(subject.story).toEqual(['FIRING 12-']);
  });

  test('a correction of the past says that somebody computes', () => {
    const subject = ruler(DEAD).take([windowOf({ minute: 0, value: 1 }), windowOf({ minute: 1, value: 1 })]);
    subject.take([windowOf({ minute: 0, value: 2, revision: 2, watermark: 2, computed: 9 })]).look(18);
    expect(subject.story).toEqual([]);
    expect(subject.look(19).story).toEqual(['FIRING 12-']);
  });

  test('never fires for a series that never was, unless that is expected', () => {
    expect(ruler(DEAD).look(0).look(10_000).story).toEqual([]);
    const subject = ruler(DEAD.replace('for: 10m', 'for: 10m, expected: true')).look(3).look(12);
    expect(subject.story).toEqual([]);
    subject.look(13).look(14);
    expect(subject.story).toEqual(['FIRING 13-']);
    subject.take([windowOf({ minute: 14, value: 1 })]);
    expect(subject.story).toEqual(['FIRING 13-', 'RESOLVED 13-15']);
  });

  test('expects each series that it names', () => {
    const yaml = EACH.replace('"*"', '[DE, FR]').replace('for: 10m', 'for: 10m, expected: true');
    const subject = new OfflineRuler(rules(yaml)).look(0).take([order(1, 'DE')]).look(10);
    expect(subject.story).toEqual(['FIRING FR10-']);
    expect(subject.look(12).story).toEqual(['FIRING FR10-', 'FIRING DE12-']);
  });
});
