import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '@millrace/testing';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { Chromium, DESK, PHONE, sidewaysScroll, XSS } from './support/chromium.js';
import { Dashboard } from './support/dashboard.js';
import { ordinaryDay, type BoardAlert, type ShopBoard } from './support/shop-board.js';

jest.setTimeout(120_000);

const SUMMARY = 'Only 12 orders in a minute, expected more than 34';
describe('the history of alerts on the dashboard, in Chromium', () => {
  const chromium = Chromium.shared('history');
  const dashboard = Dashboard.forEach();
  let board: ShopBoard;
  let page: Page;
  let complaints: readonly string[];
  beforeEach(async () => {
    ({ board } = dashboard);
    await board.write(ordinaryDay());
  });

  const open = async (hash: string, options: BrowserContextOptions = {}): Promise<void> => {
    ({ page, complaints } = await chromium.open(`${dashboard.api.url}/${hash}`, options));
  };
  const hash = (): Promise<string> => page.evaluate<string>('location.hash');
  const table = (name: string): Locator => page.getByRole('table', { name });
  const rows = (name: string): Locator => table(name).getByRole('row').filter({ has: page.getByRole('rowheader') });
  const shows = (name: string, count: number): Promise<unknown> => until(`${String(count)} rows of ${name}`, async () => (await rows(name).count()) === count);

  /** A day with one alert that is known in full, one of which nobody was told, and silences that hold, will and did. */
  async function day(): Promise<BoardAlert> {
    const orders = await board.alert({
      rule: 'orders-drop', severity: 'critical', summary: SUMMARY, firing: true, minutesAgo: 4, labels: { team: 'checkout' },
      evidence: [{ metricKey: 'orders{}', window: '1m', windowStart: 0, windowEnd: 60_000, value: 12, revision: 3, sourceOffsets: [{ topic: `${board.lane}.shop.orders.v1`, partition: 0, firstOffset: 88_100, lastOffset: 88_112 }] }],
    });
    await board.tell(orders, { receiver: 'on-call', state: 'delivered', others: 2, attempts: [{ outcome: 'retry', statusCode: 503, error: 'HTTP 503', answer: '{"error": "try later"}' }, { outcome: 'delivered', statusCode: 200, answer: 'ok' }] });
    await board.tell(orders, { receiver: 'shop-owner', state: 'failed', attempts: [{ outcome: 'failed', error: 'connection refused' }] });
    await board.act(orders, { action: 'acknowledged', author: 'Ann', comment: 'I look into the checkout' });
    const stock = await board.alert({ rule: 'stock-low', severity: 'warning', summary: 'Garden hose is running out', firing: false, minutesAgo: 190, labels: { product: 'p-10412' } });
    await board.act(stock, { action: 'judged', author: 'Ben', verdict: 'false' });
    await board.act(stock, { action: 'snoozed', author: 'Ben', untilMinutes: 60, comment: 'new ones come on Monday' });
    await board.silence({ matchers: { rule: 'stock-low', product: 'p-10412' }, from: -30, to: 60, author: 'Ben', comment: 'new ones come on Monday' });
    await board.silence({ matchers: { team: 'checkout' }, from: 60, to: 120, author: 'Ann', comment: 'the new checkout goes live' });
    await board.silence({ matchers: { rule: 'rating-low' }, from: -600, to: -500, author: 'Ann', comment: 'a sale' });
    return orders;
  }

  it('finds an alert by what it says, and leads to its evidence; the address keeps the search, and Back goes the way back', async () => {
    const orders = await day();
    await open('');
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Alerts' }).click();
    await shows('Alerts', 2);
    expect(await page.title()).toBe('Alerts · Millrace');
    await page.getByRole('row', { name: /Only 12 orders.*Firing Critical.*fires for 4 min.*somebody · messages.*Ann$/ }).waitFor();
    await page.getByRole('row', { name: /Garden hose.*Over Warning.*for 6 min.*nobody · messages.*nobody$/ }).waitFor();

    await page.getByRole('searchbox', { name: 'Search' }).fill('HOSE');
    await page.keyboard.press('Enter');
    await shows('Alerts', 1);
    expect(await hash()).toBe('#alerts?q=HOSE');
    await page.getByRole('combobox', { name: 'State' }).selectOption('firing');
    await page.getByText('Nothing is like that.').waitFor();
    expect(await hash()).toBe('#alerts?q=HOSE&status=firing');
    await page.goBack();
    await page.getByRole('button', { name: 'Garden hose is running out' }).waitFor();
    expect(await page.getByRole('combobox', { name: 'State' }).inputValue()).toBe('');
    await page.reload();
    await shows('Alerts', 1);
    expect(await page.getByRole('searchbox', { name: 'Search' }).inputValue()).toBe('HOSE');
    await page.getByRole('button', { name: 'Clear' }).click();
    await shows('Alerts', 2);
    expect(complaints).toEqual([]);

    await page.getByRole('button', { name: SUMMARY }).click();
    const dialog = page.getByRole('dialog', { name: SUMMARY });
    await dialog.getByRole('row', { name: `${board.lane}.shop.orders.v1 0 88100 88112` }).waitFor();
    expect(await page.evaluate<string>('location.search')).toBe(`?alert=${orders.fingerprint}&startsAt=${String(orders.startsAt)}`);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.waitForFunction("location.search === '' && location.hash === '#alerts'");
    expect(await page.evaluate('document.activeElement.textContent')).toBe(SUMMARY);
  });

  it('finds alerts by severity, labels, days, and by whether somebody was told or took them on', async () => {
    await day();
    const today = new Intl.DateTimeFormat('sv', { timeZone: 'Europe/Berlin' }).format(Date.now());
    for (const [search, count] of [
      ['severity=critical', 1], ['told=true', 1], ['told=false', 1], ['acknowledged=true', 1], ['acknowledged=false', 1], ['match=product%3D%22p-10412%22', 1], ['match=rule!%3Dnone', 2], ['rule=stock-low', 1], ['from=2020-01-01', 2],
    ] as const) {
      await open(`#alerts?${search}`);
      await shows('Alerts', count);
    }
    await open('#alerts?rule=stock-low');
    await page.getByRole('list', { name: 'Also searched for' }).getByRole('button', { name: 'Without rule stock-low' }).click();
    await shows('Alerts', 2);
    await page.getByLabel('From day').fill(today);
    await page.waitForFunction(`location.hash === '#alerts?from=${today}'`);
    await page.getByLabel('To day').fill('2020-01-01');
    await page.getByText('This cannot be searched for').waitFor();
  });

  it('opens the attempts of a message, with what the receiver answered, and from there the alert', async () => {
    await day();
    await open('#alerts/messages');
    await shows('Messages', 2);
    await page.getByRole('row', { name: /^on-call alert 0, alert 1 and 1 more fire Delivered .* 2$/ }).waitFor();
    await page.getByRole('row', { name: /^shop-owner alert 0 fires Given up .* 1$/ }).waitFor();
    await page.getByRole('combobox', { name: 'State' }).selectOption('delivered');
    await shows('Messages', 1);
    await page.getByRole('button', { name: 'on-call' }).click();
    const dialog = page.getByRole('dialog', { name: 'Message to on-call' });
    const attempts = dialog.getByRole('list', { name: 'Attempts to tell on-call' }).getByRole('listitem');
    await attempts.first().getByText('failed, to be tried again · HTTP 503').waitFor();
    await attempts.first().getByText('What the receiver answered').click();
    await attempts.first().getByText('{"error": "try later"}').waitFor();
    await attempts.nth(1).getByText('delivered · HTTP 200').waitFor();
    await page.screenshot({ path: chromium.shot('history-message-desk') });
    await dialog.getByRole('list', { name: 'Alerts it told of' }).getByRole('button').first().click();
    await page.getByRole('dialog', { name: SUMMARY }).getByText('Who was told').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: SUMMARY }).waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    await open('#alerts');
    await page.getByRole('row', { name: /Garden hose/ }).getByRole('link', { name: 'messages' }).click();
    await page.getByText('Nothing is like that.').waitFor();
    await page.getByRole('button', { name: 'Without that alert' }).click();
    await shows('Messages', 2);
    expect(complaints).toEqual([]);
  });

  it('lists silences by state, and what people did', async () => {
    await day();
    await open('#alerts/silences?state=active');
    await page.getByRole('row', { name: /^rule="stock-low" product="p-10412" Holds now .* Ben new ones come on Monday$/ }).waitFor();
    await shows('Silences', 1);
    await page.getByRole('combobox', { name: 'State' }).selectOption('');
    await shows('Silences', 3);
    await page.getByRole('navigation', { name: 'History' }).getByRole('link', { name: 'Actions' }).click();
    await page.getByRole('row', { name: /^Ann took it on Only 12 orders .* I look into the checkout$/ }).waitFor();
    await page.getByRole('row', { name: /^Ben silenced it until .* Garden hose/ }).waitFor();
    await page.getByRole('row', { name: /^Ben judged it: a false alarm Garden hose/ }).waitFor();
    await page.getByRole('combobox', { name: 'What' }).selectOption('judged');
    await shows('Actions', 1);
    expect(complaints).toEqual([]);
    await page.getByRole('button', { name: 'Garden hose is running out' }).click();
    await page.getByRole('dialog', { name: 'Garden hose is running out' }).getByText('Resolved', { exact: true }).waitFor();
  });

  it('shows more, each alert once, also those that come meanwhile', async () => {
    for (let at = 0; at < 60; at += 1) await board.alert({ rule: `rule-${String(at)}`, severity: 'warning', summary: `Alert number ${String(at)}`, firing: false, minutesAgo: 100 + at });
    await open('#alerts');
    await shows('Alerts', 25);
    await board.alert({ rule: 'late', severity: 'critical', summary: 'The latest', firing: true, minutesAgo: 1 });
    await page.getByRole('button', { name: 'Show more' }).click();
    await rows('Alerts').nth(49).waitFor();
    await page.route('**/api/alerts?**cursor=**', (route) => route.abort());
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.getByText('The server cannot show more now.').waitFor();
    await page.unroute('**/api/alerts?**cursor=**');
    await page.getByRole('button', { name: 'Ask again' }).click();
    await page.getByRole('button', { name: 'Alert number 59', exact: true }).waitFor();
    await page.getByRole('button', { name: 'The latest' }).waitFor();
    expect(await page.getByRole('rowheader').allTextContents()).toEqual(['The latest', ...Array.from({ length: 60 }, (_, at) => `Alert number ${String(at)}`)]);
    expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0);
  });

  it('says where there is nothing, where it cannot tell, and what to do then', async () => {
    await open('#alerts', { viewport: PHONE });
    await page.getByText('No alert has fired yet').waitFor();
    await page.screenshot({ path: chromium.shot('history-phone-empty') });
    await open('#alerts/silences?q=nobody');
    await page.getByText('Nothing is like that.').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByText('Nobody has silenced anything yet.').waitFor();
    await open('#alerts?match=product');
    await page.getByText('This cannot be searched for: labels are written like product="p-10412"').waitFor();
    await page.route('**/api/actions?**', (route) => route.abort());
    await page.getByRole('link', { name: 'Actions' }).click();
    await page.getByText('The server cannot show the history now').waitFor();
    await page.unroute('**/api/actions?**');
    await page.getByRole('button', { name: 'Ask again' }).click();
    await page.getByText('Nobody has taken an alert on').waitFor();
  });

  it('says so where the notifier does not answer', async () => {
    await open('#alerts/rules');
    await page.getByText('The notifier does not answer').waitFor();
    await page.getByRole('button', { name: 'Ask again' }).click();
    await page.getByText('The notifier does not answer').waitFor();
  });

  it('keeps a hostile text a text, wherever it stands', async () => {
    const alert = await board.alert({ rule: XSS, severity: XSS, summary: XSS, firing: true, minutesAgo: 2, labels: { [XSS]: XSS } });
    await board.tell(alert, { receiver: XSS, state: 'failed', attempts: [{ outcome: 'failed', error: XSS, answer: XSS }] });
    await board.act(alert, { action: 'commented', author: XSS, comment: XSS });
    await board.silence({ matchers: { [XSS]: XSS }, from: -1, to: 1, author: XSS, comment: XSS });
    for (const list of ['', '/messages', '/silences', '/actions']) {
      await open(`#alerts${list}?q=%3Cimg`);
      await page.getByRole('rowheader').filter({ hasText: XSS }).waitFor();
      if (list === '/messages') {
        await page.getByRole('button', { name: XSS }).first().click();
        await page.getByText('What the receiver answered').click();
      }
      expect([await page.locator('img').count(), await page.evaluate("'pwned' in window")]).toEqual([0, false]);
      expect(complaints).toEqual([]);
    }
  });

  it('fits a desk and a phone, light and dark, and works from the keyboard', async () => {
    await day();
    for (const [name, viewport] of [['desk', DESK], ['phone', PHONE]] as const) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await open('#alerts', { viewport, colorScheme });
        if (name === 'phone') {
          await page.getByText('Narrow it down').click();
          await page.screenshot({ path: chromium.shot(`history-search-${name}-${colorScheme}`), fullPage: true });
          expect(await sidewaysScroll(page)).toBeLessThanOrEqual(0);
          await page.getByText('Narrow it down').click();
        }
        for (const list of ['Alerts', 'Messages', 'Silences', 'Actions']) {
          await page.getByRole('navigation', { name: 'History' }).getByRole('link', { name: list }).click();
          await (name === 'desk' ? table(list) : page.getByRole('list', { name: list })).waitFor();
          await page.screenshot({ path: chromium.shot(`history-${list.toLowerCase()}-${name}-${colorScheme}`), fullPage: true });
          expect(await sidewaysScroll(page)).toBeLessThanOrEqual(0);
        }
        expect(complaints).toEqual([]);
      }
    }
    await page.getByRole('navigation', { name: 'History' }).getByRole('link', { name: 'Alerts' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: SUMMARY }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: SUMMARY }).getByText('Who was told').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Skip to the numbers' }).focus();
    await page.keyboard.press('Enter');
    expect([await hash(), await page.evaluate('document.activeElement.id')]).toEqual(['#alerts', 'main']);
  });
});

describe('how each rule does, in Chromium', () => {
  const chromium = Chromium.shared('rules');
  const dashboard = Dashboard.forEach({ notifier: true });

  it('shows how right and how noisy each rule was, and what could be done', async () => {
    const { board, api } = dashboard;
    for (let at = 0; at < 6; at += 1) {
      const alert = await board.alert({ rule: 'orders-spike', severity: 'warning', summary: 'Many orders', firing: false, minutesAgo: 60 + at * 30 });
      await board.tell(alert, { receiver: 'on-call', state: 'delivered', attempts: [] });
      await board.act(alert, { action: 'judged', author: 'Ann', verdict: 'false' });
    }
    await board.alert({ rule: 'rating-low', severity: 'warning', summary: 'Ratings fell', firing: true, minutesAgo: 5 });
    const { page, complaints } = await chromium.open(`${api.url}/#alerts/rules`);
    await page.getByText('1.5 messages a week were about nothing').waitFor();
    await page.getByRole('row', { name: /^orders-spike 6 6 in 6 messages 0 \/ 6 \/ 0 0\.0% 15\.0% 1\.5 messages a week None of the 6 was right: silence the rule while it is looked at\. amtool/ }).waitFor();
    await page.getByRole('row', { name: /^rating-low 1 0 in 0 messages 0 \/ 0 \/ 0 not judged not judged –$/ }).waitFor();
    for (const [name, viewport] of [['desk', DESK], ['phone', PHONE]] as const) {
      await page.setViewportSize(viewport);
      await page.screenshot({ path: chromium.shot(`history-rules-${name}`), fullPage: true });
      expect(await sidewaysScroll(page)).toBeLessThanOrEqual(0);
    }
    await page.getByRole('link', { name: 'orders-spike' }).click();
    await page.getByRole('list', { name: 'Alerts' }).getByRole('listitem').nth(5).waitFor();
    expect(complaints).toEqual([]);
  });
});
