import { describe, expect, it } from '@jest/globals';
import type { MetricDto } from '../wire.dto.js';
import { attemptText, deliveryState, furtherAnnotations, itemOf, measured, metricOf, mutingText, orderOf, outageText, runbookOf, spanFacts, toldText, webAddress } from './alert.text.js';
import { formats } from './format.js';

const NOW = Date.UTC(2026, 5, 1, 12, 0, 30);
const FORMAT = formats('Europe/Berlin', 'en-GB');
const [START, END] = ['2026-06-01T11:40:00.000Z', '2026-06-01T11:52:05.000Z'];
const metric = (name: string, unit: string): MetricDto => ({ name, unit, title: name, doc: '', sources: [], windows: ['1m'], dimensions: [] });
const evidence = (metricKey: string) => [{ metricKey, window: '1m', windowStart: START, windowEnd: END, value: 1, revision: 1, sourceOffsets: [] }];

describe('links that an alert brings along', () => {
  it.each([['https://runbooks.example/a?b=c#d', 'https://runbooks.example/a?b=c#d'], ['http://localhost:9090/graph', 'http://localhost:9090/graph'], ['HTTPS://A.example', 'https://a.example/']])('takes %s', (text, href) => {
    expect(webAddress(text)).toBe(href);
  });
  it.each(['', 'javascript:alert(1)', ' javascript:alert(1)', 'java\nscript:alert(1)', 'JaVaScRiPt:alert(1)', 'data:text/html,x', 'vbscript:x', 'blob:https://a.example/1', 'file:///etc/passwd', 'mailto:a@b.example', '//a.example', '/etc', 'see the wiki', null, undefined])('refuses %j', (text) => {
    expect(webAddress(text)).toBeNull();
  });
  it('finds the runbook under either name', () => {
    expect(runbookOf({ annotations: { runbook_url: 'https://a.example/' } })).toBe('https://a.example/');
    expect(runbookOf({ annotations: { runbook: 'https://b.example/' } })).toBe('https://b.example/');
    expect(runbookOf({ annotations: { runbook_url: 'javascript:1', runbook: 'ask Ada' } })).toBeNull();
    expect(furtherAnnotations({ annotations: { zone: 'eu', summary: 's', description: 'd', runbook: 'ask Ada', runbook_url: 'x', empty: '', dashboard: 'g' } })).toEqual([['dashboard', 'g'], ['zone', 'eu']]);
  });
});

describe('how long an alert fires', () => {
  it('says since when it does', () => {
    expect(spanFacts({ startsAt: START, endsAt: null, status: 'firing', timedOut: false }, NOW, FORMAT)).toEqual([{ name: 'Since', text: 'Mon 1 Jun, 13:40:00; for 20\u00a0min.' }]);
  });
  it('says until when it did, and whether anybody said so', () => {
    const over = (timedOut: boolean) => spanFacts({ startsAt: START, endsAt: END, status: 'resolved', timedOut }, NOW, FORMAT);
    expect(over(false)).toEqual([{ name: 'Since', text: 'Mon 1 Jun, 13:40:00.' }, { name: 'Until', text: 'Mon 1 Jun, 13:52:05; after 12\u00a0min.' }]);
    expect(over(true)[1]?.text).toBe('Mon 1 Jun, 13:52:05; after 12\u00a0min. Nobody said that it was over: nobody told of it any more.');
  });
  it('does so for the other times', () => {
    expect(outageText({ status: 'resolved', startsAt: START, endsAt: END }, NOW)).toBe('for 12\u00a0min');
    expect(outageText({ status: 'resolved', startsAt: START, endsAt: START }, NOW)).toBe('for a moment');
    expect(outageText({ status: 'firing', startsAt: START, endsAt: null }, NOW)).toBe('fires for 20\u00a0min');
  });
});

describe('the numbers of an alert', () => {
  it.each([
    ['fraud_score{order=o-77}', 'o-77'],
    ['fraud_score{customer=c\\,1,order=a\\,b\\}}', 'a,b}'],
  ])('%s is the score of an order', (metricKey, order) => {
    expect(orderOf({ window: 'order', metricKey })).toBe(order);
    expect(orderOf({ window: '1m', metricKey })).toBeNull();
  });

  it.each([
    [0.0042, {}, 'conversion_rate{}', metric('conversion_rate', 'ratio'), '0.42%'], [123_456, { currency: 'EUR' }, 'revenue{currency=EUR}', metric('revenue', 'minor'), '€1,234.56'],
    [1, {}, 'orders{}', metric('orders', 'orders'), '1 order'], [4, { product: 'p-1' }, 'low_stock{}', metric('low_stock', 'products'), '4 items'],
    [4, { product: 'p-1' }, 'stock_level{product=p-1}', metric('stock_level', 'items'), '4 items'], [3.5, {}, 'gone{}', undefined, '3.5'],
  ])('%d of %j in %s', (value, labels, metricKey, of, text) => {
    expect(measured(value, { labels, evidence: evidence(metricKey) }, of, FORMAT)).toBe(text);
  });
  it('knows the metric of a key, and the line of a ranking', () => {
    const orders = metric('orders', 'orders');
    expect([metricOf('orders{country=DE}', [orders]), metricOf('orders_x{}', [orders]), metricOf('', [orders])]).toEqual([orders, undefined, undefined]);
    expect([itemOf({ labels: { product: 'p' } }, 'low_stock{}'), itemOf({ labels: { product: 'p' } }, 'stock_level{country=DE,product=p}'), itemOf({ labels: {} }, 'low_stock{}')]).toEqual(['p', undefined, undefined]);
  });
});

describe('what was told to whom', () => {
  it('says why somebody was not', () => {
    const muting = { receiver: 'team', by: 'nights', since: '2026-01-05T12:00:00Z', silence: null, source: null };
    const texts = [
      mutingText({ ...muting, reason: 'silence', silence: { author: 'Ann', comment: 'deploying' } }), mutingText({ ...muting, reason: 'silence', silence: { author: 'Ann', comment: '' } }),
      mutingText({ ...muting, reason: 'silence' }), mutingText({ ...muting, reason: 'inhibition', source: 'db-down' }), mutingText({ ...muting, reason: 'inhibition' }), mutingText({ ...muting, reason: 'time-interval' }),
    ];
    expect(texts).toEqual(['silenced by Ann: deploying', 'silenced by Ann', 'silenced', 'inhibited by db-down', 'inhibited by an alert that is not kept any more', 'outside its times (nights)']);
  });

  const attempt = { attempt: 1, startedAt: START, durationMs: 120, outcome: 'delivered', statusCode: 200, error: null, answer: null, possibleRepeat: false };
  it('says how an attempt went, and an error only once', () => {
    expect(attemptText(attempt, FORMAT)).toBe('delivered · HTTP 200 · 120\u00a0ms');
    expect(attemptText({ ...attempt, outcome: 'retry', statusCode: 503, error: 'HTTP 503', durationMs: 2_340 }, FORMAT)).toBe('failed, to be tried again · HTTP 503 · 2.3\u00a0s');
    expect(attemptText({ ...attempt, outcome: 'failed', statusCode: null, error: 'no route to host', possibleRepeat: true }, FORMAT)).toBe('failed for good · no route to host · 120\u00a0ms · may have come twice: an attempt before it was cut off');
  });
  it.each([['delivered', 'good'], ['pending', 'warn'], ['failed', 'bad'], ['disabled', 'warn'], ['suppressed', 'warn'], ['replaced', 'warn'], ['new one', 'warn']])('%s looks %s', (state, tone) => {
    expect(deliveryState(state).tone).toBe(tone);
  });
  it('says what the message told of this alert, and of how many others', () => {
    const alerts = [{ fingerprint: 'a', name: 'A', status: 'firing' as const, startsAt: START }, { fingerprint: 'b', name: 'B', status: 'resolved' as const, startsAt: START }];
    expect(toldText({ alerts, alertCount: 1, status: 'firing' }, 'a', FORMAT)).toBe('that it fires');
    expect(toldText({ alerts, alertCount: 2, status: 'firing' }, 'b', FORMAT)).toBe('that it is over, with 1 other alert');
    expect(toldText({ alerts, alertCount: 1_200, status: 'firing' }, 'beyond those named', FORMAT)).toBe('that it fires, with 1,199 other alerts');
  });
});
