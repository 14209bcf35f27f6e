import { describe, expect, it } from '@jest/globals';
import type { ExplainedWindowDto, MetricDto } from '../wire.dto.js';
import { explanationOf, pathOf } from './explanation.js';
import { formats } from './format.js';

const NOW = Date.UTC(2026, 5, 1, 12, 0, 30);
const REVENUE: MetricDto = { name: 'revenue', unit: 'minor', title: 'Revenue', doc: 'Total of the orders placed.', sources: ['shop.orders.v1'], windows: ['1d'], dimensions: [] };
const WINDOW: ExplainedWindowDto = {
  metricKey: 'revenue{currency=EUR}', metric: 'revenue', dimensions: { currency: 'EUR' }, window: '1m', windowStart: '2026-06-01T12:00:00.000Z', windowEnd: '2026-06-01T12:01:00.000Z',
  value: 1_234_567, count: 41, items: [], revision: 3, watermark: '2026-06-01T11:50:00.000Z', final: false, computedAt: '2026-06-01T12:00:18.000Z', sourceOffsets: [], lane: 'live',
};
const explain = (change: Partial<ExplainedWindowDto> = {}, view: { item?: string; now?: number; stale?: boolean } = {}, metric: Partial<MetricDto> = {}) => {
  const { value, about, facts } = explanationOf({ ...WINDOW, ...change }, { ...REVENUE, ...metric }, {
    item: view.item, now: view.now ?? NOW, timeZone: 'Europe/Berlin', format: formats('Europe/Berlin', 'en-GB'),
    stale: view.stale === true ? { metric: 'revenue', window: '1m', asOf: '2026-06-01T11:00:30.000Z', ageMs: 0, staleAfterMs: 120_000, stale: true } : undefined,
  });
  return { value, about, ...(Object.fromEntries(facts.map(({ name, text }) => [name, text])) as Record<string, string>) };
};

describe('the explanation of a number', () => {
  it('says what was counted, when, from how much, and whether it may change', () => {
    expect(explain()).toEqual({
      value: '€12,345.67',
      about: 'Total of the orders placed. Only where currency is EUR.',
      Covers: 'Mon 1 Jun, 14:00 to 14:01; still running. Time zone Europe/Berlin.',
      'Counted from': '41 events of orders.',
      Computed: 'Mon 1 Jun, 14:00:18; 12 s ago.',
      Revision: '3. It grows with every change of this number.',
      Final: 'No. Events from before Mon 1 Jun, 13:50 are held to be complete; later ones may still arrive and are counted.',
    });
  });

  it('knows a final number, and one that nothing is known of yet', () => {
    expect(explain({ final: true }, { now: NOW + 3_600_000 })).toMatchObject({
      Covers: 'Mon 1 Jun, 14:00 to 14:01; over. Time zone Europe/Berlin.', Computed: 'Mon 1 Jun, 14:00:18; 1 h ago.',
      Final: 'Yes. Events of this time that still arrive are set aside as late and not counted.',
    });
    expect(explain({ watermark: null, count: 1, computedAt: '2026-06-01T12:00:30.000Z' })).toMatchObject({ Final: 'No. Events that still arrive are counted.', 'Counted from': '1 event of orders.', Computed: 'Mon 1 Jun, 14:00:30; just now.' });
  });

  it.each([
    ['1d', '2026-05-31T22:00:00.000Z', '2026-06-01T22:00:00.000Z', 'Mon 1 Jun, the whole day; still running.'],
    ['1mo', '2026-04-30T22:00:00.000Z', '2026-05-31T22:00:00.000Z', 'Fri 1 May to Sun 31 May, both included; over.'],
    ['10m', '2026-06-01T11:51:00.000Z', '2026-06-01T12:01:00.000Z', 'Mon 1 Jun, 13:51 to 14:01; still running.'],
  ])('says a window of %s as people do', (window, windowStart, windowEnd, text) => {
    expect(explain({ window, windowStart, windowEnd })).toMatchObject({ Covers: `${text} Time zone Europe/Berlin.` });
  });

  it('names countries, categories and every source', () => {
    const { about, ...facts } = explain({ dimensions: { country: 'DE', category: 'home-garden' } }, {}, { sources: ['shop.clickstream.v1', 'shop.orders.v1'] });
    expect(about).toContain('Only where country is Germany and category is Home garden.');
    expect(facts).toMatchObject({ 'Counted from': '41 events of clickstream and orders.' });
  });

  it('explains one line of a ranking, and one that has left it', () => {
    const items = [{ key: 'p1', value: 9 }, { key: 'p2', value: 1 }];
    expect(explain({ items, dimensions: {} }, { item: 'p2' }, { unit: 'items' })).toMatchObject({ value: '1 item', about: 'Total of the orders placed. Place 2 of the 2 listed; product id p2.' });
    expect(explain({ items, dimensions: {} }, { item: 'p3' })).toMatchObject({ value: '–', about: 'Total of the orders placed. Not in this ranking any more.' });
  });

  it('warns of a number that is too old', () => {
    expect(explain({}, { stale: true })).toMatchObject({ 'Too old': 'It speaks for 1 h ago. A number of its kind should not be older than 2 min.' });
    expect(explain()).not.toHaveProperty('Too old');
  });

  it('finds the window under its key, whatever that holds', () => {
    expect(pathOf({ title: '', metricKey: 'views{category=a/b?#%}', window: '1d', windowStart: WINDOW.windowStart })).toBe('/api/windows/views%7Bcategory%3Da%2Fb%3F%23%25%7D/1d/2026-06-01T12:00:00.000Z');
  });
});
