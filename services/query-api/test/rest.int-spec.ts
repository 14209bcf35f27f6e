import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ExplainedWindowDto, FreshnessListDto, LatestDto, SeriesDto, StatusDto } from '../src/wire.dto.js';
import { MetricReadModel } from '../src/metric.read-model.js';
import { QueryApiRig } from './query-api-rig.js';

jest.setTimeout(60_000);

const MINUTE = 60_000;
const DAY = 86_400_000;
const thisMinute = Math.floor(Date.now() / MINUTE) * MINUTE;
const iso = (ms: number): string => new Date(ms).toISOString();
const byCountry = (country: string) => ({ metricKey: `orders{country=${country}}`, dimensions: { country } });

describe('REST', () => {
  let rig: QueryApiRig;
  beforeAll(async () => {
    rig = await QueryApiRig.open();
  });
  afterAll(async () => {
    await rig.close();
  });

  it('gives the newest window of every key, of one set of dimensions, or of one key', async () => {
    await rig.write(
      { windowStart: thisMinute, value: 7, revision: 2 }, { windowStart: thisMinute, value: 6, revision: 1 }, { windowStart: thisMinute - MINUTE, value: 50 },
      { ...byCountry('DE'), windowStart: thisMinute, value: 4 }, { ...byCountry('FR'), windowStart: thisMinute, value: 3 },
    );
    const values = async (query: string) => (await rig.json<LatestDto>(`/api/metrics/orders/latest?${query}`)).values.map(({ metricKey, value }) => [metricKey, value]);
    expect(await values('window=1m')).toEqual([['orders{country=DE}', 4], ['orders{country=FR}', 3], ['orders{}', 7]]);
    expect(await values('window=1m&by=')).toEqual([['orders{}', 7]]);
    expect(await values('window=1m&by=country')).toEqual([['orders{country=DE}', 4], ['orders{country=FR}', 3]]);
    expect(await values('window=1m&country=FR')).toEqual([['orders{country=FR}', 3]]);
    expect(await values('window=1m&country=__proto__')).toEqual([]);
  });

  it('gives a series from Redis while it is recent, and from PostgreSQL beyond', async () => {
    const point = (windowStart: number, value: number) => rig.window({ metricKey: 'views{}', metric: 'views', windowStart, value });
    // Each store alone has something the other has not: which one answered is visible.
    await rig.cache.write(rig.lane, [point(thisMinute, 1)]);
    await rig.history.write(rig.lane, [point(thisMinute, 1), point(thisMinute - 2 * DAY, 99)]);
    const series = async (query: string) => (await rig.json<SeriesDto>(`/api/metrics/views/series?window=1m&by=&${query}`)).series.map(({ points }) => points.map(({ value }) => value));
    expect(await series('')).toEqual([[1]]);
    expect(await series(`from=${String(thisMinute - 3 * DAY)}`)).toEqual([[99, 1]]);
    expect(await series(`from=${encodeURIComponent(iso(thisMinute - 3 * DAY))}&to=${encodeURIComponent(iso(thisMinute))}`)).toEqual([[99]]);
  });

  it('keeps the newest points where there are more than asked, and says so', async () => {
    await rig.write(...[5, 4, 3, 2, 1].map((ago) => ({ metricKey: 'units_sold{}', metric: 'units_sold', windowStart: thisMinute - ago * MINUTE, value: ago })));
    const { series, truncated } = await rig.json<SeriesDto>('/api/metrics/units_sold/series?window=1m&limit=2');
    expect(series.map(({ points }) => points.map(({ value }) => value))).toEqual([[2, 1]]);
    expect(truncated).toBe(true);
    expect((await rig.json<SeriesDto>('/api/metrics/units_sold/series?window=1m&limit=5')).truncated).toBe(false);
  });

  it('refuses a series of more lines than a chart has, and takes one of them', async () => {
    const products = Array.from({ length: 101 }, (_, at) => `p,${String(at)}`);
    await rig.write(...products.map((product) => ({ metricKey: `stock_level{product=${product.replace(',', '\\,')}}`, metric: 'stock_level', dimensions: { product }, windowStart: thisMinute, value: 5 })));
    expect((await rig.get('/api/metrics/stock_level/series')).status).toBe(400);
    const one = await rig.json<SeriesDto>(`/api/metrics/stock_level/series?by=product&product=${encodeURIComponent('p,7')}`);
    expect(one.series).toMatchObject([{ metricKey: 'stock_level{product=p\\,7}', points: [{ value: 5 }] }]);
  });

  it('explains a window down to the offsets', async () => {
    const sourceOffsets = [{ topic: `${rig.lane}.shop.orders.v1`, partition: 1, firstOffset: 2 ** 40, lastOffset: 2 ** 40 + 17 }];
    const key = 'revenue{country=C\\,\\=\\{te,currency=EUR}';
    await rig.write({ metricKey: key, metric: 'revenue', dimensions: { country: 'C,={te', currency: 'EUR' }, windowStart: thisMinute, value: 123_456, count: 18, revision: 4, watermark: thisMinute - 500, sourceOffsets });
    const window = await rig.json<ExplainedWindowDto>(`/api/windows/${encodeURIComponent(key)}/1m/${String(thisMinute)}`);
    expect(window).toMatchObject({ metricKey: key, value: 123_456, count: 18, revision: 4, watermark: iso(thisMinute - 500), sourceOffsets, lane: rig.lane });
    expect((await rig.get(`/api/windows/${encodeURIComponent(key)}/1m/${iso(thisMinute - MINUTE)}`)).status).toBe(404);
  });

  it('reads history while Redis is not whole', async () => {
    await rig.history.write(rig.lane, [rig.window({ metricKey: 'refund_count{}', metric: 'refund_count', windowStart: thisMinute, value: 3 })]);
    const value = async () => (await rig.json<LatestDto>('/api/metrics/refund_count/latest')).values.map((window) => window.value);
    expect(await value()).toEqual([]);
    await rig.redis.run((client) => client.del(`millrace:${rig.lane}:metrics:complete`));
    expect(await value()).toEqual([3]);
    await rig.cache.rebuild(rig.lane, () => Promise.resolve());
  });

  it('begins the stream with the ranking of the last ten minutes, not of the window that has only begun', async () => {
    const top = (ago: number) => ({
      metricKey: 'top_products{}', metric: 'top_products', window: '10m', windowStart: thisMinute - ago * MINUTE, windowEnd: thisMinute + (10 - ago) * MINUTE, value: ago, items: [{ key: `p${String(ago)}`, value: ago }],
    });
    await rig.write(...[0, 1, 5, 9, 10].map(top));
    const model = new MetricReadModel(rig.lane, rig.cache, rig.history);
    const current = async () => (await model.current([{ metric: 'top_products', window: '10m' }], thisMinute + 30_000)).map(({ windowStart, items }) => [windowStart, items]);
    const lastTen = [[thisMinute - 9 * MINUTE, [{ key: 'p9', value: 9 }]]];
    expect(await current()).toEqual(lastTen);
    await rig.redis.run((client) => client.del(`millrace:${rig.lane}:metrics:complete`));
    expect(await current()).toEqual(lastTen);
    await rig.cache.rebuild(rig.lane, () => Promise.resolve());
  });

  it('says how fresh each metric is, and what it depends on', async () => {
    const { metrics, lane } = await rig.json<FreshnessListDto>('/api/freshness');
    expect(lane).toBe(rig.lane);
    expect(metrics.find(({ metric }) => metric === 'cart_abandonment')).toMatchObject({ asOf: null, stale: true });
    const status = await rig.json<StatusDto>('/api/status');
    expect(status).toMatchObject({ lane: rig.lane, components: [{ name: 'redis', up: true }, { name: 'postgres', up: true }, { name: 'stream', up: true }] });
  });

  it('sees nothing of another lane', async () => {
    const other = `${rig.lane}x`;
    await rig.cache.write(other, [{ ...rig.window({ metricKey: 'rating{}', metric: 'rating', window: '1h', windowStart: thisMinute, value: 1 }), lane: other }]);
    expect((await rig.json<LatestDto>('/api/metrics/rating/latest')).values).toEqual([]);
    await rig.cache.removeLane(other);
  });

  it('describes itself', async () => {
    const document = await rig.json<{ openapi: string; paths: Record<string, { get: { parameters: { name: string }[]; responses: Record<string, unknown> } }> }>('/openapi.json');
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining([
      '/api/metrics', '/api/metrics/{metric}/latest', '/api/metrics/{metric}/series', '/api/windows/{metricKey}/{window}/{start}',
      '/api/alerts', '/api/alerts/{fingerprint}', '/api/deliveries', '/api/freshness', '/api/status', '/api/stream',
    ]));
    const series = document.paths['/api/metrics/{metric}/series']?.get;
    expect(series?.parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(['metric', 'window', 'from', 'to', 'by', 'limit', 'country', 'currency', 'product']));
    expect(JSON.stringify(series?.responses['200'])).toContain('"points"');
    const alert = document.paths['/api/alerts/{fingerprint}']?.get;
    expect(alert?.parameters.map(({ name }) => name)).toEqual(['fingerprint', 'startsAt']);
    expect(Object.keys(alert?.responses ?? {})).toEqual(expect.arrayContaining(['200', '400', '404', '503']));
    expect(document.paths['/api/deliveries']?.get.parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(['state', 'fingerprint', 'limit']));
  });
});
