import { describe, expect, test } from '@jest/globals';
import type { MetricWindow } from '@millrace/contracts';
import { seededRandom } from '@millrace/testing';
import { MINUTE, NOON, OfflineRuler, points, ruler, rules, windowOf } from '../test/offline-ruler.js';

const HIGH = '  - { name: high, kind: threshold, metric: orders, window: 1m, is: ">", value: 100 }';

describe('threshold', () => {
  test.each([
    ['fires with the first window above and clears with the first below', '', [50, 150, 160, 90], ['FIRING 2-', 'RESOLVED 2-4']],
    ['is silent at the limit', '', [100, 100], []],
    ['waits for two windows', ', for: 2', [150, 90, 150, 160, 90], ['FIRING 4-', 'RESOLVED 4-5']],
    ['waits for two minutes', ', for: 2m', [150, 150, 150, 150, 90], ['FIRING 3-', 'RESOLVED 3-5']],
    ['clears later with hysteresis', ', clear: 80', [150, 90, 85, 80], ['FIRING 1-', 'RESOLVED 1-4']],
    ['does not fire again between the two limits', ', clear: 80', [150, 80, 90], ['FIRING 1-', 'RESOLVED 1-2']],
    ['obeys an expression', ', when: value < 200.0', [250, 150, 90], ['FIRING 2-', 'RESOLVED 2-3']],
  ])('%s', (_, options, values, story) => {
    expect(ruler(HIGH.replace(' }', `${options} }`)).take(points(values)).story).toEqual(story);
  });

  test('fires on an early revision but clears only when the window is complete', () => {
    const subject = ruler(HIGH);
    subject.take([windowOf({ minute: 0, value: 150, revision: 1, watermark: 0 })]);
    expect(subject.story).toEqual(['FIRING 1-']);
    subject.take([windowOf({ minute: 1, value: 3, revision: 1, watermark: 1 })]);
    expect(subject.story).toHaveLength(1);
    subject.take([windowOf({ minute: 1, value: 40, revision: 2, watermark: 2 })]);
    expect(subject.story).toEqual(['FIRING 1-', 'RESOLVED 1-2']);
  });

  test('a low limit waits until the window is complete', () => {
    const subject = ruler('  - { name: low, kind: threshold, metric: orders, window: 1m, is: "<", value: 10 }');
    subject.take([windowOf({ minute: 0, value: 1, watermark: 0 }), windowOf({ minute: 0, value: 12, revision: 2, watermark: 1 })]);
    expect(subject.story).toEqual([]);
    subject.take([windowOf({ minute: 1, value: 9, watermark: 2 })]);
    expect(subject.story).toEqual(['FIRING 2-']);
  });

  test('a late correction that clears the condition resolves the alert, one that brings it back fires again', () => {
    const subject = ruler(HIGH).take(points([50, 150]));
    subject.take([windowOf({ minute: 1, value: 95, revision: 2, watermark: 3 })]);
    expect(subject.story).toEqual(['FIRING 2-', 'RESOLVED 2-2']);
    subject.take([windowOf({ minute: 1, value: 105, revision: 3, watermark: 3 })]);
    expect(subject.story).toEqual(['FIRING 2-', 'RESOLVED 2-2', 'FIRING 2-']);
    expect(new Set(subject.alerts.map(({ eventId }) => eventId)).size).toBe(3);
  });

  test('a series that falls silent is over its alert once the watermark has passed', () => {
    const subject = ruler(HIGH.replace('window: 1m', 'window: 1m, match: { country: "*" }'));
    subject.take([windowOf({ minute: 0, value: 150, dimensions: { country: 'MT' } })]);
    subject.take([windowOf({ minute: 2, value: 5, dimensions: { country: 'DE' }, watermark: 2 })]);
    expect(subject.story).toEqual(['FIRING MT1-']);
    subject.take([windowOf({ minute: 2, value: 5, dimensions: { country: 'DE' }, watermark: 3, revision: 2 })]);
    expect(subject.story).toEqual(['FIRING MT1-', 'RESOLVED MT1-2']);
  });

  test('a series that falls silent has too few orders', () => {
    const subject = ruler('  - { name: low, kind: threshold, metric: orders, window: 1m, match: { country: "*" }, is: "<", value: 10 }');
    subject.take([windowOf({ minute: 0, value: 50, dimensions: { country: 'MT' } })]);
    subject.take([windowOf({ minute: 9, value: 50, dimensions: { country: 'DE' } })]);
    expect(subject.story).toEqual(['FIRING MT2-']);
  });

  test('carries labels, annotations and the windows it rests on, with their offsets', () => {
    const yaml = HIGH.replace(' }', ', for: 2, severity: critical, labels: { team: shop }, annotations: { summary: "{{ value }} > {{ threshold }} for {{ labels.team }}" } }');
    const [alert] = ruler(yaml).take(points([150, 160])).alerts;
    expect(alert).toMatchObject({
      labels: { rule: 'high', severity: 'critical', lane: 'live', team: 'shop' },
      annotations: { summary: '160 > 100 for shop' },
      value: 160,
      threshold: 100,
      startsAt: NOON + 2 * MINUTE,
      endsAt: null,
    });
    expect(alert?.evidence.map(({ value, sourceOffsets }) => [value, sourceOffsets[0]?.firstOffset])).toEqual([[150, 0], [160, 10]]);
  });
});

describe('spike', () => {
  const SPIKE = '  - { name: spike, kind: spike, metric: orders, window: 1m, baseline: 10, minSamples: 5, OPTIONS }';
  const calm = [100, 104, 96, 102, 98, 100, 104, 96, 102, 98];
  test.each([
    ['fires above mean + 4 deviations', 'deviations: 4', [...calm, 130, 100], ['FIRING 11-', 'RESOLVED 11-12']],
    ['is silent below them', 'deviations: 4', [...calm, 110], []],
    ['does not see a drop by default', 'deviations: 4', [...calm, 10], []],
    ['sees a drop when asked', 'deviations: 4, direction: down', [...calm, 10], ['FIRING 11-']],
    ['sees both', 'deviations: 4, direction: both', [...calm, 10, 100, 300], ['FIRING 11-', 'RESOLVED 11-12', 'FIRING 13-']],
    ['fires at a ratio', 'ratio: 2', [...calm, 201], ['FIRING 11-']],
    ['is silent at the ratio', 'ratio: 2', [...calm, 200], []],
    ['is silent with too few samples', 'ratio: 2', [100, 100, 100, 100, 900], []],
    ['is silent over too small a baseline', 'ratio: 2, minBaseline: 101', [...calm, 900], []],
    ['is silent about too small a change', 'deviations: 4, minChange: 50', [...calm, 130], []],
  ])('%s', (_, options, values, story) => {
    expect(ruler(SPIKE.replace('OPTIONS', options)).take(points(values)).story).toEqual(story);
  });

  test('keeps its baseline over hundreds of windows', () => {
    const subject = ruler(SPIKE.replace('OPTIONS', 'deviations: 4'));
    const long = Array.from({ length: 300 }, (_, index) => calm[index % calm.length] ?? 0);
    for (const window of points([...long, 130])) subject.take([window]);
    expect(subject.story).toEqual(['FIRING 301-']);
    const { samples, settled } = subject.stored[0]!.state;
    expect(samples).toHaveLength(10 + 16);
    expect(samples.map(({ offsets }) => offsets.length)).toEqual(samples.map((_, index) => (index < settled ? 0 : 1)));
  });
});

describe('low stock', () => {
  const ranking = (minute: number, levels: Record<string, number>, total = Object.keys(levels).length, revision = 1): MetricWindow =>
    windowOf({ metric: 'low_stock', minute, value: total, revision, items: Object.entries(levels).map(([key, value]) => ({ key, value })), watermark: minute });

  test('each product at its reorder point is an alert of its own', () => {
    const subject = ruler('  - { name: low, kind: low-stock, annotations: { summary: "{{ labels.product }}: {{ value }}" } }');
    subject.take([ranking(0, { p1: 3 }), ranking(1, { p1: 2, p2: 5 }), ranking(2, { p2: 4 }), ranking(3, {})]);
    expect(subject.story).toEqual(['FIRING p11-', 'FIRING p22-', 'RESOLVED p11-3', 'RESOLVED p22-4']);
    expect(subject.alerts[0]?.annotations).toEqual({ summary: 'p1: 3' });
  });

  test('a product that drops out of a cut ranking goes on firing', () => {
    const subject = ruler('  - { name: low, kind: low-stock }');
    subject.take([ranking(0, { p1: 9 }), ranking(1, { p2: 1 }, 40)]);
    expect(subject.story).toEqual(['FIRING p11-', 'FIRING p22-']);
    subject.take([ranking(2, { p2: 1 }, 1)]);
    expect(subject.story.at(-1)).toBe('RESOLVED p11-3');
  });

  test('a level of its own works on stock_level, for the products named', () => {
    const subject = ruler('  - { name: low, kind: low-stock, level: 5, products: [p1] }');
    const level = (minute: number, product: string, value: number): MetricWindow => windowOf({ metric: 'stock_level', minute, value, dimensions: { product }, watermark: minute });
    subject.take([level(0, 'p1', 5), level(0, 'p2', 1), level(3, 'p1', 60)]);
    expect(subject.story).toEqual(['FIRING p11-', 'RESOLVED p11-4']);
  });
});

describe('delivery', () => {
  const YAML = `${HIGH}
  - { name: spike, kind: spike, metric: orders, window: 1m, match: { country: "*" }, baseline: 10, minSamples: 5, deviations: 3, direction: both }
  - { name: low, kind: low-stock }`;

  function shuffled<T>(items: readonly T[], next: () => number): T[] {
    return items.map((item) => ({ item, rank: next() })).sort((left, right) => left.rank - right.rank).map(({ item }) => item);
  }

  /** Micro-batches, each with an early and then a final revision of its windows. */
  function microBatches(next: () => number): MetricWindow[][] {
    const batches: MetricWindow[][] = [];
    for (let minute = 0; minute < 60; minute += 1) {
      const series = ['', 'DE', 'FR'].map((country) => ({ country, value: Math.round(80 + 30 * next() + (next() > 0.9 ? 100 : 0)) }));
      const levels = ['p1', 'p2', 'p3'].filter(() => next() > 0.5).map((key) => ({ key, value: Math.round(next() * 9) }));
      for (const [revision, watermark] of [[1, minute], [2, minute + 1]] as const) {
        batches.push([
          ...series.map(({ country, value }) =>
            windowOf({ minute, value: revision === 1 ? Math.round(value / 3) : value, revision, watermark, dimensions: country === '' ? {} : { country } })),
          windowOf({ metric: 'low_stock', minute, value: levels.length, items: levels, revision, watermark }),
        ]);
      }
    }
    return batches;
  }

  test.each([1, 2, 3, 4, 5])('seed %i: duplicates, stale revisions and any order inside a micro-batch give the same alerts', (seed) => {
    const batches = microBatches(seededRandom(seed));
    const plain = new OfflineRuler(rules(YAML));
    for (const batch of batches) plain.take(batch);
    const messy = new OfflineRuler(rules(YAML));
    const next = seededRandom(seed + 100);
    batches.forEach((batch, index) => {
      const again = batches.slice(Math.max(0, index - 4), index).flat().filter(() => next() > 0.7);
      messy.take([...shuffled(batch, next), ...batch, ...again]);
    });
    expect(plain.alerts.length).toBeGreaterThan(20);
    expect(messy.alerts.map(({ eventId }) => eventId).sort()).toEqual(plain.alerts.map(({ eventId }) => eventId).sort());
  });

  test.each([1, 2, 3])('seed %i: cutting the stream into other batches gives the same alerts', (seed) => {
    const batches = microBatches(seededRandom(seed));
    const plain = new OfflineRuler(rules(YAML));
    for (const batch of batches) plain.take(batch);
    const whole = new OfflineRuler(rules(YAML)).take(batches.flat());
    expect(whole.alerts.map(({ eventId }) => eventId).sort()).toEqual(plain.alerts.map(({ eventId }) => eventId).sort());
  });

  test.each([1, 2, 3, 4, 5])('seed %i: windows in any order leave the same alerts firing, and each fires and resolves in turn', (seed) => {
    const finals = microBatches(seededRandom(seed)).filter((_, index) => index % 2 === 1).slice(0, 15)
      .map((batch) => batch.map((window) => ({ ...window, watermark: null, final: true })));
    const plain = new OfflineRuler(rules(YAML));
    for (const batch of finals) plain.take(batch);
    const messy = new OfflineRuler(rules(YAML));
    for (const window of shuffled(finals.flat(), seededRandom(seed + 7))) messy.take([window]);
    const firing = (subject: OfflineRuler): string[] => {
      const last = new Map(subject.alerts.map((alert) => [alert.fingerprint, alert.status]));
      return [...last].filter(([, status]) => status === 'FIRING').map(([fingerprint]) => fingerprint).sort();
    };
    expect(firing(messy)).toEqual(firing(plain));
    const states = new Map<string, string>();
    for (const { fingerprint, status } of messy.alerts) {
      expect(status).toBe(states.get(fingerprint) === 'FIRING' ? 'RESOLVED' : 'FIRING');
      states.set(fingerprint, status);
    }
  });
});
