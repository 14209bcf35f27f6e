import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AlertEvidence } from '@millrace/contracts';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { Chromium, DESK, PHONE, sidewaysScroll, XSS } from './support/chromium.js';
import { Dashboard } from './support/dashboard.js';
import { ordinaryDay, type BoardAlert, type ShopBoard } from './support/shop-board.js';

jest.setTimeout(120_000);


describe('an alert on the dashboard, in Chromium', () => {
  const chromium = Chromium.shared('alert');
  const dashboard = Dashboard.forEach({ notifier: true });
  let board: ShopBoard;
  let page: Page;
  let complaints: readonly string[];

  const summary = 'Only 12 orders in a minute, expected more than 34';
  const alertDialog = (name: string | RegExp = summary): Locator => page.getByRole('dialog', { name });
  const addressOf = ({ fingerprint, startsAt }: BoardAlert): string => `${dashboard.api.url}/?alert=${fingerprint}&startsAt=${String(startsAt)}`;
  const hrefs = async (within: Locator): Promise<(string | null)[]> => Promise.all((await within.getByRole('link').all()).map((link) => link.getAttribute('href')));
  const search = (): Promise<string> => page.evaluate<string>('location.search');
  const evidence = (minutes: number): AlertEvidence[] => Array.from({ length: minutes }, (_, ago) => {
    const { metricKey, window, windowStart, windowEnd } = board.window({ metric: 'orders', value: 12, ago }, Date.now());
    return { metricKey, window, windowStart, windowEnd, value: 12 + ago * 7, revision: 3, sourceOffsets: [0, 1].map((partition) => ({ topic: `${board.lane}.shop.orders.v1`, partition, firstOffset: 88_100 - ago * 20, lastOffset: 88_112 - ago * 20 })) };
  }).reverse();
  let alert: BoardAlert;

  beforeEach(async () => {
    ({ board } = dashboard);
    await board.write(ordinaryDay());
    const orders = { rule: 'orders-drop', severity: 'critical', summary, labels: { lane: board.lane, team: 'checkout' }, value: 12, threshold: 34 };
    await board.alert({ ...orders, firing: false, minutesAgo: 190 });
    alert = await board.alert({
      ...orders, firing: true, minutesAgo: 4, evidence: evidence(5), description: 'Orders fell to a third of what the last hour had.',
      annotations: { runbook_url: 'https://runbooks.example/orders-drop', hint: 'Does the checkout answer?' },
    });
    await board.tell(alert, { receiver: 'on-call', state: 'delivered', others: 2, attempts: [{ outcome: 'retry', statusCode: 503, error: 'HTTP 503' }, { outcome: 'delivered', statusCode: 200 }] });
    await board.tell(alert, { receiver: 'shop-owner', state: 'failed', attempts: [{ outcome: 'failed', error: 'connection refused', possibleRepeat: true }] });
  });
  const follow = async (address: string, options: BrowserContextOptions = {}): Promise<void> => {
    ({ page, complaints } = await chromium.open(address, options));
  };

  it('shows what it says, what it rests on and who was told; closed, it leaves the address', async () => {
    await follow(addressOf(alert));
    const dialog = alertDialog();
    for (const text of ['Firing', 'Orders fell to a third of what the last hour had.', 'Does the checkout answer?', 'team checkout']) await dialog.getByText(text, { exact: true }).waitFor();
    expect(await dialog.getByRole('link', { name: 'Runbook' }).getAttribute('href')).toBe('https://runbooks.example/orders-drop');
    await dialog.getByTestId('alert-value').filter({ hasText: '12 orders' }).waitFor();
    await dialog.getByText('34 orders', { exact: true }).waitFor();
    await dialog.getByRole('row', { name: `${board.lane}.shop.orders.v1 1 88100 88112` }).waitFor();
    await dialog.getByText('The 2 windows before').click();
    await dialog.getByRole('row', { name: `${board.lane}.shop.orders.v1 0 88020 88032` }).waitFor();
    await dialog.getByText('Told that it fires, with 2 other alerts.').waitFor();
    const attempts = dialog.getByRole('list', { name: 'Attempts to tell on-call' }).getByRole('listitem');
    expect(await attempts.allTextContents()).toEqual([expect.stringContaining('failed, to be tried again · HTTP 503 · 140\u00a0ms'), expect.stringContaining('delivered · HTTP 200 · 1.0\u00a0s')]);
    await dialog.getByText('failed for good · connection refused · 140 ms · may have come twice').waitFor();
    await dialog.getByRole('row', { name: `${board.lane}.shop.alerts.v1, partition 0, offset 73` }).waitFor();
    const href = await dialog.getByRole('link', { name: 'The same as JSON' }).getAttribute('href');
    expect(await (await fetch(new URL(href ?? '', dashboard.api.url))).json()).toMatchObject({ lane: board.lane, alert: { fingerprint: alert.fingerprint }, deliveries: [{}, {}] });

    await board.tell(alert, { receiver: 'late', state: 'pending', attempts: [] });
    await dialog.getByText('late', { exact: true }).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await search()).toBe('');
    expect(complaints).toEqual([]);
  });

  it('opens from the list, by mouse and keyboard, and says so in the address; Escape and Back close it and give focus back', async () => {
    await follow(dashboard.api.url);
    const lines = page.getByRole('region', { name: 'Alerts' }).getByRole('button', { name: summary });
    await lines.nth(1).waitFor();
    await lines.first().click();
    await alertDialog().getByText('Who was told').waitFor();
    expect(await search()).toBe(`?alert=${alert.fingerprint}&startsAt=${String(alert.startsAt)}`);
    await page.goBack();
    await alertDialog().waitFor({ state: 'detached' });
    expect(await search()).toBe('');
    expect(await page.evaluate('document.activeElement.textContent')).toBe(summary);

    await page.keyboard.press('Enter');
    await alertDialog().getByText('Who was told').waitFor();
    for (let tabs = 0; tabs < 14; tabs += 1) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate("document.activeElement.closest('dialog') !== null || document.activeElement === document.body")).toBe(true);
    }
    await page.keyboard.press('Escape');
    await alertDialog().waitFor({ state: 'detached' });
    await page.waitForFunction("location.search === ''");
    expect(await page.evaluate('document.activeElement.textContent')).toBe(summary);
  });

  it('leads to the other times it fired, and from a window to what it is now', async () => {
    await follow(addressOf(alert));
    await alertDialog().getByRole('list').getByRole('button').last().click();
    await alertDialog().getByText('Resolved', { exact: true }).waitFor();
    await alertDialog().getByText('fires for 4 min').waitFor();
    await alertDialog().getByText('Nobody yet').waitFor();
    expect(await search()).not.toContain(String(alert.startsAt));
    await alertDialog().locator('.alert-outages').getByRole('button').click();
    await alertDialog().getByText('Firing', { exact: true }).waitFor();
    await alertDialog().getByRole('button', { name: '12 orders' }).click();
    const explanation = page.getByRole('dialog', { name: /^Orders.*to \d\d:\d\d$/ });
    await explanation.getByTestId('explained-value').waitFor();
    await page.keyboard.press('Escape');
    await explanation.waitFor({ state: 'detached' });
    await alertDialog().getByText('Firing', { exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('shows one that Prometheus sent, and links nowhere that a label or annotation made up', async () => {
    const from = (generatorUrl: string, runbook: string) =>
      board.alert({ rule: `${XSS}${generatorUrl}`, severity: 'warning', summary: XSS, description: XSS, firing: true, minutesAgo: 2, labels: { [XSS]: XSS }, annotations: { runbook, [XSS]: XSS }, generatorUrl });
    await follow(addressOf(await from('https://prometheus.example/graph?g0.expr=up', 'https://runbooks.example/up')));
    await alertDialog(XSS).getByText('It was told from elsewhere').waitFor();
    await alertDialog(XSS).getByText('came by HTTP').waitFor();
    expect(await hrefs(alertDialog(XSS))).toEqual([
      'https://runbooks.example/up', 'https://prometheus.example/graph?g0.expr=up', expect.stringMatching(/^\/api\/alerts\//),
    ]);
    await page.screenshot({ path: chromium.shot('alert-elsewhere') });
    await page.goto(addressOf(await from('javascript:window.pwned=1', 'javascript:window.pwned=1')));
    await alertDialog(XSS).getByText('It was told from elsewhere').waitFor();
    expect(await alertDialog(XSS).getByRole('link').count()).toBe(1);
    expect([await page.locator('img').count(), await page.evaluate("'pwned' in window")]).toEqual([0, false]);
    expect(complaints).toEqual([]);
  });

  it('says so where there is no such alert, and where the server cannot tell', async () => {
    for (const name of ['f'.repeat(16), '..', '.', '%3Cimg%20src%3Dx%3E', alert.fingerprint.toUpperCase()]) {
      await follow(`${dashboard.api.url}/?alert=${name}`);
      await alertDialog('Alert').getByText('There is no such alert here').waitFor();
    }
    await follow(addressOf({ ...alert, startsAt: 5 }), { viewport: PHONE });
    await alertDialog('Alert').getByText('that began then').waitFor();
    await page.screenshot({ path: chromium.shot('alert-unknown') });
    await alertDialog('Alert').getByRole('button', { name: 'Look for its latest outage' }).click();
    await alertDialog().getByText('Firing', { exact: true }).waitFor();

    await page.route('**/api/alerts/**', (route) => route.abort());
    await page.reload();
    await alertDialog('Alert').getByText('The server cannot show this alert now.').waitFor();
    await page.unroute('**/api/alerts/**');
    await alertDialog('Alert').getByRole('button', { name: 'Ask again' }).click();
    await alertDialog().getByText('Firing', { exact: true }).waitFor();
  });

  it('fits a desk and a phone, light and dark', async () => {
    for (const [name, size] of [['desk', DESK], ['phone', PHONE]] as const) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await follow(addressOf(alert), { colorScheme, viewport: size });
        const dialog = alertDialog();
        await dialog.getByText('12 orders').first().waitFor();
        await page.screenshot({ path: chromium.shot(`alert-${name}-${colorScheme}`) });
        const box = await dialog.boundingBox();
        expect(box?.x).toBeGreaterThanOrEqual(0);
        expect((box?.x ?? 0) + (box?.width ?? Infinity)).toBeLessThanOrEqual(size.width);
        expect(box?.height).toBeLessThanOrEqual(size.height);
        expect(await page.evaluate<number>(`document.querySelector('dialog').scrollWidth - document.querySelector('dialog').clientWidth`)).toBeLessThanOrEqual(0);
        expect(await sidewaysScroll(page)).toBeLessThanOrEqual(0);
        await dialog.getByText('Who was told').scrollIntoViewIfNeeded();
        await page.screenshot({ path: chromium.shot(`alert-${name}-${colorScheme}-told`) });
        await dialog.getByRole('link', { name: 'The same as JSON' }).scrollIntoViewIfNeeded();
        await page.screenshot({ path: chromium.shot(`alert-${name}-${colorScheme}-end`) });
      }
    }
  });
});
