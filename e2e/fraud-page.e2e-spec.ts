import { get } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fraudLabelEvent, fraudScore, truthEvent, type FraudLabelEvent, type FraudScore } from '@millrace/contracts';
import { contractTopic, type EventPublisher } from '@millrace/kafka';
import { createTestDatabase, makeFraudLabel, makeFraudScore, makeTruth, ServiceProcess, testKafka, until, address, type TestDatabase, type TestKafka } from '@millrace/testing';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { Chromium, DESK, PHONE, sidewaysScroll, XSS } from './support/chromium.js';

jest.setTimeout(180_000);

const MINUTE = 60_000;
const SCENARIOS = ['card-testing', 'account-takeover', 'stolen-card', 'compromised-page'];
const FEATURES = ['card_orders_24h', 'device_customers_7d', 'ip_country_mismatch', 'account_age_days', 'total_to_median', 'promo_used', 'email_throwaway'];

/** A day of a shop, the same each time: one order in twenty is fraud, and most of it scores high. */
function day(lane: string, now: number): { scores: FraudScore[]; fraud: boolean[] } {
  const fraud = Array.from({ length: 400 }, (_, index) => index % 20 === 3);
  const scores = fraud.map((isFraud, index): FraudScore => {
    const wave = (Math.sin(index * 12.9898) + 1) / 2;
    const score = isFraud ? 0.45 + wave * 0.53 : wave ** 6 * 0.8;
    const occurredAt = now - (400 - index) * 3 * MINUTE;
    return makeFraudScore({
      orderId: `order-${String(100_400 + index)}`, customerId: `customer-${String(7_000 + index * 3)}`, lane, score, modelScore: score * 0.95, occurredAt, scoredAt: occurredAt + 900 + index * 7,
      decision: score >= 0.9 ? 'DECLINE' : score >= 0.6 ? 'REVIEW' : 'ALLOW', totalMinor: 2_000 + Math.round(wave * 60_000), currency: index % 9 === 0 ? 'CHF' : 'EUR',
      rulesHit: score >= 0.6 ? ['card-many-customers'] : [], versions: { model: '2026-11-20a', rules: '7', features: '3' },
      features: Object.fromEntries(FEATURES.map((name, place) => [name, place === 6 && index % 3 === 0 ? null : Math.round(wave * 100 * (place + 1)) / 10 + (index >= 300 && place === 1 ? 60 : 0)])),
      contributions: Object.fromEntries(FEATURES.map((name, place) => [name, (place % 2 === 0 ? 1 : -0.6) * wave * (FEATURES.length - place)])),
      reasons: score >= 0.6 ? [
        { kind: 'rule', name: 'card-many-customers', text: 'The card was used by 4 customers in 24 hours', value: null, weight: 0.6 },
        { kind: 'model', name: 'card_orders_24h', text: `${String(Math.round(wave * 10))} orders with this card in 24 hours`, value: Math.round(wave * 10), weight: 2.1 },
      ] : [],
      linked: score >= 0.6 ? [{ kind: 'card', id: 'card-5f1c', orders: 6, customers: 4, frauds: 2 }, { kind: 'device', id: 'device-88', orders: 3, customers: 3, frauds: 0 }] : [],
      evidence: [{ topic: `${lane}.shop.orders.v1`, partition: 0, firstOffset: index, lastOffset: index }],
      shadows: [{ name: 'challenger', version: '2026-11-21', score: score * 0.8, decision: 'ALLOW' }],
    });
  });
  return { scores, fraud };
}

/** A report of two rings: twelve customers with cards, devices and a home that go round, and three who share one card. */
function rings(lane: string, now: number): Record<string, unknown> {
  const ring = (rank: number, names: readonly string[], pools: Readonly<Record<string, number>>) => {
    const things = Object.fromEntries(['card', 'device', 'address'].map((kind) => {
      const ids = Array.from({ length: pools[kind] ?? 0 }, (_, index) => ({ id: `${kind}-${String(rank)}${String(index)}ab3f`, customers: names.length, orders: names.length }));
      return [kind, { count: ids.length, shared: ids.length, pairs: ids.length * 2, ids }];
    }));
    const links = names.flatMap((_, customer) => Object.entries(pools).flatMap(([kind, size]) =>
      (kind === 'card' && size > 1 ? [customer % size, (customer + 1) % size] : [customer % size]).map((thing) => ({ customer, kind, thing, orders: 1 + (customer % 2), firstAt: now - 90 * MINUTE, lastAt: now }))));
    return {
      id: String(rank).repeat(16), rank, suspicion: 1 / rank, sharing: 2.4, orders: names.length * 2, frauds: rank === 1 ? 9 : 0, firstAt: now - 90 * MINUTE, lastAt: now,
      amounts: [{ currency: 'EUR', minor: 412_350 }, { currency: 'CHF', minor: 9_900 }], customers: { count: names.length, ids: names.map((id, index) => ({ id, orders: 2, frauds: rank === 1 && index < 6 ? 1 : 0 })) },
      things, linkCount: links.length, links,
    };
  };
  const gang = [XSS, ...Array.from({ length: 11 }, (_, index) => `customer-${String(7_000 + index)}`)];
  return {
    lane, madeAt: now, since: now - 30 * 1_440 * MINUTE, until: now, days: 30, minCustomers: 3, mostShared: 12, orders: 4_000, customers: 2_500, frauds: 31, found: 2, hubs: { card: 0, device: 1, address: 4 },
    rings: [ring(1, gang, { card: 5, device: 4, address: 2 }), ring(2, ['a', 'b', 'c'], { card: 1 })],
  };
}

/** Status of a request whose path goes out as it is; `fetch` would tidy it up. */
function statusOf(url: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    get({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}

describe('the fraud page in Chromium', () => {
  const chromium = Chromium.shared('fraud-page');
  let test: TestKafka;
  let database: TestDatabase;
  let publisher: EventPublisher;
  let desk: ServiceProcess;
  let api: ServiceProcess;
  let page: Page;
  let complaints: readonly string[];

  beforeEach(async () => {
    test = testKafka();
    database = await createTestDatabase();
    publisher = await test.kafka.publisher();
    const admin = await test.kafka.admin();
    await admin.createTopics([contractTopic(test.lane, fraudScore), contractTopic(test.lane, fraudLabelEvent), contractTopic(test.lane, truthEvent)]);
    await admin.close();
    const env = { MILLRACE_LANE: test.lane, MILLRACE_POSTGRES_URL: database.url, MILLRACE_REDIS_URL: address('MILLRACE_REDIS_URL') };
    desk = await ServiceProcess.start('fraud-desk', {
      ...env, MILLRACE_FRAUD_DESK_QUALITY_EVERY_MS: '100', MILLRACE_FRAUD_DESK_LABEL_DELAY_MINUTES: '360', MILLRACE_FRAUD_DESK_DRIFT_REFERENCE: '250',
    });
    api = await ServiceProcess.start('query-api', { ...env, MILLRACE_QUERY_API_FRAUD_DESK_URL: desk.url, MILLRACE_SHOP_TIME_ZONE: 'Europe/Berlin' });
  });
  afterEach(async () => {
    await api.end();
    await desk.end();
    await publisher.close();
    await test.clean();
    await database.drop();
  });

  const open = async (options: BrowserContextOptions = {}): Promise<void> => {
    ({ page, complaints } = await chromium.open(`${api.url}/#fraud`, options));
  };
  const shows = (testId: string, text: string): Promise<void> => page.getByTestId(testId).filter({ hasText: text }).waitFor();
  const deskReady = (): Promise<unknown> => until('the fraud desk is ready', async () => (await fetch(`${desk.url}/health/ready`)).ok);
  const counted = (orders: number): Promise<unknown> =>
    until('all scores to be counted', async () => {
      const { report } = (await (await fetch(`${api.url}/api/fraud/quality`)).json()) as { report: { windows: { decisions: Record<string, number> }[] } | null };
      return Object.values(report?.windows[2]?.decisions ?? {}).reduce((sum, count) => sum + count, 0) === orders;
    });

  it('says that there is nothing yet, then fills by itself; and says so where the fraud desk is away', async () => {
    await deskReady();
    await open({ viewport: PHONE });
    await page.getByRole('heading', { name: 'No order has been scored yet' }).waitFor();
    await page.getByText('No order has been flagged yet.').waitFor();
    await page.getByText('Nobody has looked for rings yet.').waitFor();
    await page.screenshot({ path: chromium.shot('fraud-phone-empty'), fullPage: true });
    expect(complaints).toEqual([]);
    await publisher.publishAll(fraudScore, day(test.lane, Date.now()).scores);
    await counted(400);
    // A real shop: no truth, and nobody has judged anything.
    await page.getByText('Nobody has said yet which of these orders were fraud').waitFor();
    await page.getByRole('button', { name: /order-100790/ }).waitFor();
    expect(await page.getByRole('checkbox', { name: 'Show the truth' }).count()).toBe(0);
    await page.screenshot({ path: chromium.shot('fraud-phone-no-truth'), fullPage: true });
    await desk.end();
    await page.getByText('The fraud desk does not answer', { exact: true }).waitFor();
  });

  it('shows quality beside each other by truth and labels, on a desk and a phone, light and dark', async () => {
    const now = Date.now();
    const { scores, fraud } = day(test.lane, now);
    await deskReady();
    // The reference for drift first, then the orders that look otherwise.
    await publisher.publishAll(fraudScore, scores.slice(0, 300));
    await counted(300);
    await publisher.publishAll(fraudScore, scores.slice(300));
    await publisher.publishAll(truthEvent, scores.map(({ orderId, occurredAt }, index) => makeTruth({
      orderId, occurredAt, eventType: fraud[index] ? 'FRAUD' : 'HONEST', scenario: fraud[index] ? SCENARIOS[Math.floor(index / 20) % 4]! : null,
    })));
    await publisher.publishAll(fraudLabelEvent, scores.flatMap(({ orderId, occurredAt }, index): FraudLabelEvent[] =>
      fraud[index] && index % 40 === 3 ? [makeFraudLabel({ orderId, occurredAt: Math.min(now, occurredAt + 60 * MINUTE) })] : index % 50 === 7 ? [makeFraudLabel({ orderId, eventType: 'VERDICT', fraud: false, decidedBy: 'ann' })] : []));
    await counted(400);
    await until('the labels to be counted', async () => {
      const { report } = (await (await fetch(`${api.url}/api/fraud/quality`)).json()) as { report: { windows: { quality: Record<string, { orders: number } | null> }[] } };
      return (report.windows[0]?.quality['labelled']?.orders ?? 0) > 10 && report.windows[0]?.quality['oracle']?.orders === 400 && report.windows[0].quality['observed'] !== null;
    });
    const flagged = scores.filter(({ decision }) => decision !== 'ALLOW');
    const caught = scores.filter(({ decision }, index) => decision !== 'ALLOW' && fraud[index]).length;
    for (const [name, viewport] of [['desk', DESK], ['phone', PHONE]] as const) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await open({ colorScheme, viewport });
        await page.getByText(`${String(caught)} of ${String(flagged.length)} orders flagged were fraud.`).waitFor();
        await shows('fraud-fraud-found', `${((caught / 20) * 100).toFixed(1)}%`);
        await page.getByRole('row', { name: /^Account takeover \d of 5/ }).waitFor();
        await page.getByRole('row', { name: /^device_customers_7d .* drifted$/ }).waitFor();
        await page.getByText(String(flagged[0]?.orderId)).or(page.getByRole('button', { name: 'Show more' })).first().waitFor();
        expect(await sidewaysScroll(page)).toBeLessThanOrEqual(0);
        await page.evaluate(`document.querySelector('.fraud').style.height = 'auto'`);
        await page.screenshot({ path: chromium.shot(`fraud-${name}-${colorScheme}`), fullPage: true });
        expect(complaints).toEqual([]);
      }
    }
  });

  it('opens a case, shows why, and takes a verdict that reaches Kafka', async () => {
    const { scores } = day(test.lane, Date.now());
    const odd = makeFraudScore({ ...scores[3]!, orderId: 'order-odd', customerId: XSS, score: 0.99, decision: 'DECLINE', occurredAt: Date.now(), rulesHit: [XSS], reasons: [{ kind: 'rule', name: XSS, text: XSS, value: null, weight: 1 }], linked: [{ kind: 'card', id: XSS, orders: 1, customers: 1, frauds: 1 }] });
    await publisher.publishAll(fraudScore, [...scores, odd]);
    await publisher.publishAll(truthEvent, [makeTruth({ orderId: 'order-odd', eventType: 'FRAUD', scenario: 'stolen-card' })]);
    await deskReady();
    await counted(401);
    await open();
    await page.getByRole('button', { name: /order-odd/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Order order-odd' });
    await dialog.getByText(XSS).first().waitFor();
    await dialog.getByRole('row', { name: /^card_orders_24h/ }).waitFor();
    await dialog.getByRole('row', { name: `${test.lane}.shop.orders.v1 0 3 3` }).waitFor();
    await dialog.getByText('challenger 2026-11-21 would say').waitFor();
    expect(await dialog.getByText('Stolen card').count()).toBe(0);
    await page.screenshot({ path: chromium.shot('fraud-case-desk') });

    await dialog.getByRole('button', { name: 'It is fraud' }).click();
    await dialog.getByText('Say who you are first.').waitFor();
    await dialog.getByLabel('Your name').fill('Ann');
    await dialog.getByLabel('Note, if any').fill('card of the ring');
    await dialog.getByRole('button', { name: 'It is fraud' }).dblclick();
    await dialog.getByText('Recorded: fraud.').waitFor();
    await dialog.getByText('card of the ring').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /order-odd.*Fraud · verdict/ }).waitFor();
    const labels = await test.kafka.readTopic(`${test.lane}.${fraudLabelEvent.topic}`);
    expect(new Set(labels.map(({ headers }) => String(headers['ce_id']))).size).toBe(1);

    await page.getByRole('searchbox').fill('order-odd');
    await page.getByRole('checkbox', { name: 'Show the truth' }).check();
    await page.getByRole('button', { name: /order-odd.*Stolen card/ }).click();
    await page.setViewportSize(PHONE);
    await page.getByRole('dialog').getByText('Stolen card').waitFor();
    await page.screenshot({ path: chromium.shot('fraud-case-phone') });
    expect(await page.evaluate<number>(`document.querySelector('dialog').scrollWidth - document.querySelector('dialog').clientWidth`)).toBeLessThanOrEqual(0);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.evaluate("'pwned' in window")).toBe(false);
    expect(complaints).toEqual([]);
  });

  it('lists rings, draws one, and shows the ring of a case, on a desk and a phone', async () => {
    const now = Date.now();
    await deskReady();
    const put = (url: string): Promise<Response> => fetch(`${url}/api/fraud/rings`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(rings(test.lane, now)) });
    expect([(await put(desk.url)).status, (await put(api.url)).status]).toEqual([200, 405]);
    await publisher.publishAll(fraudScore, [makeFraudScore({ orderId: 'order-of-ring', customerId: XSS, lane: test.lane, decision: 'REVIEW', score: 0.8 })]);
    await counted(1);
    for (const [name, viewport] of [['desk', DESK], ['phone', PHONE]] as const) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await open({ viewport, colorScheme });
        await page.getByRole('button', { name: /12 customers.*share 5 cards, 4 devices and 2 addresses.*37\.5% labelled fraud/ }).click();
        const dialog = page.getByRole('dialog', { name: 'Ring 1: 12 customers' });
        await dialog.getByRole('img').waitFor();
        expect(await dialog.locator('circle').count()).toBe(12);
        expect(await dialog.locator('rect').count()).toBe(11);
        await page.screenshot({ path: chromium.shot(`fraud-ring-${name}-${colorScheme}`) });
        await dialog.locator('rect').first().click();
        await dialog.getByRole('status').filter({ hasText: 'Card card-10ab3f: 12 orders' }).waitFor();
        await dialog.getByRole('row', { name: 'Card card-10ab3f 12 12' }).waitFor();
        await page.screenshot({ path: chromium.shot(`fraud-ring-${name}-${colorScheme}-chosen`) });
        expect(await page.evaluate<number>(`document.querySelector('dialog').scrollWidth - document.querySelector('dialog').clientWidth`)).toBeLessThanOrEqual(0);
        await page.keyboard.press('Escape');
        expect(await sidewaysScroll(page)).toBeLessThanOrEqual(0);
        await page.evaluate(`document.querySelector('.fraud').style.height = 'auto'`);
        await page.screenshot({ path: chromium.shot(`fraud-rings-${name}-${colorScheme}`), fullPage: true });
        expect(complaints).toEqual([]);
      }
    }
    await page.getByRole('button', { name: /order-of-ring/ }).click();
    await page.getByRole('dialog', { name: 'Order order-of-ring' }).getByRole('button', { name: 'Show ring 1' }).click();
    await page.getByRole('dialog', { name: 'Ring 1: 12 customers' }).getByRole('row', { name: `${XSS} 2 1` }).waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.evaluate("'pwned' in window")).toBe(false);
  });

  it('takes a verdict from its own page only, and passes nothing else on', async () => {
    await publisher.publishAll(fraudScore, [makeFraudScore({ orderId: 'o1', lane: test.lane, decision: 'REVIEW', score: 0.7 })]);
    await deskReady();
    await counted(1);
    await open();
    const path = '/api/fraud/cases/o1/verdict';
    const post = async (headers: Record<string, string>, to = path, method = 'POST'): Promise<number> =>
      (await fetch(`${api.url}${to}`, { method, headers, body: JSON.stringify({ fraud: true, decidedBy: 'eve' }) })).status;
    const json = { 'content-type': 'application/json' };
    expect(await post(json)).toBe(403);
    expect(await post({ ...json, origin: 'http://evil.example' })).toBe(403);
    expect(await post({ ...json, origin: 'null' })).toBe(403);
    expect(await post({ 'content-type': 'text/plain', origin: api.url })).toBe(403);
    expect(await post({ ...json, origin: api.url, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await post({ ...json, origin: api.url }, '/api/fraud/cases/o1')).toBe(405);
    expect(await post({ ...json, origin: api.url }, path, 'PUT')).toBe(405);
    for (const way of ['/api/fraud/../../health/ready', '/api/fraud/%2e%2e/%2e%2e/health/ready', '/api/fraud/..\\..\\metrics', '/api/fraud/cases/..%2f..%2f..%2fmetrics']) {
      expect([way, await statusOf(api.url, way)]).toEqual([way, 404]);
    }
    expect(await test.kafka.readTopic(`${test.lane}.${fraudLabelEvent.topic}`)).toEqual([]);
    expect(await post({ ...json, origin: api.url })).toBe(200);
  });
});
