import { describe, expect, it } from '@jest/globals';
import type { AlertDto, SeriesDto, WindowDto } from '../wire.dto.js';
import { alertText, current, EMPTY, fromSnapshot, mainCurrency, perMinute, ranking, sortedAlerts, withSeries, withUpdate } from './shop.state.js';

const NOW = Date.UTC(2026, 5, 1, 12, 0, 30);
const MINUTE = 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();

function window(metric: string, value: number, options: { dimensions?: Record<string, string>; window?: string; start?: number; count?: number } = {}): WindowDto {
  const { dimensions = {}, window: length = '1m', start = NOW - 30_000, count = 1 } = options;
  const key = Object.entries(dimensions).map(([name, text]) => `${name}=${text}`).join();
  return {
    metricKey: `${metric}{${key}}`, metric, dimensions, window: length, windowStart: iso(start), windowEnd: iso(start + MINUTE), value, count, items: [], revision: 1,
    watermark: null, final: false, computedAt: iso(NOW),
  };
}
const shop = (windows: WindowDto[]) => fromSnapshot(EMPTY, { lane: 'live', shopTimeZone: 'UTC', now: iso(NOW), windows, alerts: [], products: [{ id: 'p1', name: 'Hose' }], freshness: [] }, NOW - 7_000);
const update = (windows: WindowDto[]) => ({ now: iso(NOW + 1_000), windows });

describe('the state of the page', () => {
  it('takes the server’s clock, not the device’s', () => {
    expect(shop([]).clockOffsetMs).toBe(7_000);
  });

  it('shows the newest window only: a correction of an earlier one goes to the chart', () => {
    const state = withUpdate(shop([window('orders', 5)]), update([window('orders', 40, { start: NOW - 90_000 })]), NOW);
    expect(current(state, 'orders', '1m', []).map(({ value }) => value)).toEqual([5]);
    expect(perMinute(state, 'orders{}', NOW, 3).values).toEqual([0, 40, 5]);
  });

  it('leaves out dimensions that have nothing in the newest window', () => {
    const state = shop([
      window('revenue', 7, { dimensions: { country: 'DE', currency: 'EUR' }, start: NOW - 90_000 }),
      window('revenue', 9, { dimensions: { country: 'FR', currency: 'EUR' } }),
      window('revenue', 16, { dimensions: { currency: 'EUR' } }),
    ]);
    expect(ranking(current(state, 'revenue', '1m', ['currency', 'country']), 'country', 'EUR')).toMatchObject([{ key: 'FR', value: 9, of: { metricKey: 'revenue{country=FR,currency=EUR}' } }]);
  });

  it('shows large the currency of most orders, whatever the sums', () => {
    const state = shop([
      window('revenue', 9_000_000, { dimensions: { currency: 'JPY' }, window: '1d', count: 3 }),
      window('revenue', 100, { dimensions: { currency: 'EUR' }, window: '1d', count: 30 }),
    ]);
    expect(mainCurrency(state)).toBe('EUR');
    expect(mainCurrency(EMPTY)).toBeNull();
  });

  it('draws stored minutes, then live ones, and zero where nothing was counted', () => {
    const stored: SeriesDto = {
      lane: 'live', metric: 'orders', window: '1m', unit: 'orders', from: iso(0), to: iso(NOW), truncated: false,
      series: [{ metricKey: 'orders{}', dimensions: {}, points: [{ start: iso(NOW - 30_000 - 3 * MINUTE), value: 8, count: 8, revision: 2, final: true }] }],
    };
    const state = withSeries(shop([window('orders', 5)]), stored);
    const { starts, values } = perMinute(state, 'orders{}', NOW, 5);
    expect(values).toEqual([0, 8, 0, 0, 5]);
    expect(starts.at(-1)).toBe(NOW - 30_000);
  });

  it('keeps the names of products until there are others', () => {
    const state = withUpdate(shop([]), update([]), NOW);
    expect([...state.productNames]).toEqual([['p1', 'Hose']]);
    expect([...withUpdate(state, { ...update([]), products: [{ id: 'p2', name: 'Rake' }] }, NOW).productNames]).toEqual([['p2', 'Rake']]);
  });

  it('does not draw minutes by country', () => {
    expect(shop([window('orders', 5, { dimensions: { country: 'DE' } })]).minutes.size).toBe(0);
  });
});

describe('alertText', () => {
  const names = new Map([['p1', 'Hose $&'], ['', 'nothing']]);
  it.each([
    ['p1 is sold out', { product: 'p1' }, 'Hose $& is sold out'],
    ['p1 is sold out, p11 is not', { product: 'p1' }, 'Hose $& is sold out, p11 is not'],
    ['p2 is sold out', { product: 'p2' }, 'p2 is sold out'],
    ['p1 orders  are slow', {}, 'p1 orders  are slow'],
    ['', { product: 'p1' }, 'low-stock'],
  ])('%j of %j is %j', (summary, labels: Record<string, string>, text) => {
    expect(alertText({ summary, rule: 'low-stock', labels }, names)).toBe(text);
  });
});

describe('sortedAlerts', () => {
  const alert = (rule: string, status: AlertDto['status'], severity: string, startsAt: number): AlertDto => ({
    id: startsAt, fingerprint: rule, status, rule, severity, labels: {}, summary: '', description: '', value: null, threshold: null,
    startsAt: iso(startsAt), endsAt: status === 'firing' ? null : iso(startsAt + 1), updatedAt: iso(startsAt),
  });

  it('puts firing first, the worst of them on top, then what was resolved last', () => {
    const alerts = [
      alert('old', 'resolved', 'critical', 1), alert('info', 'firing', 'info', 5), alert('late', 'resolved', 'info', 4),
      alert('bad', 'firing', 'critical', 2), alert('odd', 'firing', 'page-me', 9), alert('worse', 'firing', 'critical', 3),
    ];
    expect(sortedAlerts(alerts).map(({ rule }) => rule)).toEqual(['worse', 'bad', 'info', 'odd', 'late', 'old']);
  });
});
