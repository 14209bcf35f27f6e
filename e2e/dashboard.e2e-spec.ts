import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { Chromium, PHONE, sidewaysScroll, XSS } from './support/chromium.js';
import { Dashboard } from './support/dashboard.js';
import { ordinaryDay, PRODUCTS, type ShopBoard } from './support/shop-board.js';

jest.setTimeout(120_000);

const EUR = { currency: 'EUR' };
const WALL = { width: 1920, height: 1080 };

describe('the dashboard in Chromium', () => {
  const chromium = Chromium.shared('dashboard');
  const dashboard = Dashboard.forEach();
  let board: ShopBoard;
  let page: Page;
  let complaints: readonly string[];

  beforeEach(() => {
    ({ board } = dashboard);
  });

  const open = async (options: BrowserContextOptions = {}): Promise<void> => {
    ({ page, complaints } = await chromium.open(dashboard.api.url, { viewport: WALL, ...options }));
  };
  const shows = async (testId: string, text: string): Promise<void> => {
    await page.getByTestId(testId).filter({ hasText: text }).waitFor();
  };

  it('shows the numbers of the lane, and a new one without a reload', async () => {
    await board.write(ordinaryDay());
    await board.name(PRODUCTS);
    await board.alert({ rule: 'conversion-low', severity: 'critical', summary: 'Conversion fell under 2 %', firing: true, minutesAgo: 4 });
    await board.alert({ rule: 'orders-slow', severity: 'warning', summary: 'Orders are slow', firing: false, minutesAgo: 40 });
    await open();

    await shows('revenue-today', '€386,422');
    await shows('orders-today', '5,204');
    await shows('average-order', '€74.25');
    await shows('kpi-conversion_rate', '3.1%');
    await shows('kpi-cart_abandonment', '68.4%');
    await shows('kpi-rating', '4.3');
    await page.getByText(board.lane).waitFor();
    await page.getByRole('row', { name: 'Garden hose, 20 m 61' }).waitFor();
    await page.getByRole('row', { name: 'Germany €142.1K' }).waitFor();
    await page.getByRole('row', { name: 'Cast iron pan, 28 cm sold out' }).waitFor();
    await page.getByRole('row', { name: 'p-16475 6 left' }).waitFor();
    const alerts = page.getByRole('region', { name: 'Alerts' }).getByRole('listitem');
    await alerts.first().getByText('Conversion fell under 2 %').waitFor();
    expect(await alerts.first().getAttribute('class')).toContain('alert-critical');
    expect(await alerts.nth(1).getAttribute('class')).toContain('alert-resolved');

    await page.evaluate('window.notReloaded = true');
    await board.write([{ metric: 'revenue', window: '1d', dimensions: EUR, value: 38_700_000, count: 5_210, revision: 2 }]);
    await shows('revenue-today', '€387,000');
    await board.name({ 'p-10412': 'Garden hose, 25 m' });
    await page.getByRole('row', { name: 'Garden hose, 25 m 61' }).waitFor();
    expect(await page.evaluate("'notReloaded' in window")).toBe(true);
    expect(complaints).toEqual([]);
  });

  it('fits a wall without scrolling and a phone without scrolling sideways, light and dark', async () => {
    await board.write(ordinaryDay());
    await board.name(PRODUCTS);
    await board.alert({ rule: 'conversion-low', severity: 'critical', summary: 'Conversion fell under 2 %', description: 'conversion_rate{} was 1.7 % in the hour to 15:00.', firing: true, minutesAgo: 4 });
    await board.alert({ rule: 'low-stock', severity: 'warning', summary: '7 products are running out', firing: true, minutesAgo: 22 });
    await board.alert({ rule: 'orders-slow', severity: 'warning', summary: 'Orders are slow', firing: false, minutesAgo: 95 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await open({ colorScheme });
      await shows('revenue-today', '€386,422');
      await page.getByText('2 firing').waitFor();
      await page.screenshot({ path: chromium.shot(`wall-${colorScheme}`) });
      const overflow = await page.evaluate<number>('document.documentElement.scrollHeight - document.documentElement.clientHeight');
      expect(overflow).toBeLessThanOrEqual(0);
      await page.setViewportSize(PHONE);
      await page.screenshot({ path: chromium.shot(`phone-${colorScheme}`), fullPage: true });
      expect(await sidewaysScroll(page)).toBeLessThanOrEqual(0);
      expect(complaints).toEqual([]);
    }
  });

  it('keeps a hostile label text', async () => {
    await board.write([
      ...ordinaryDay(),
      { metric: 'views', window: '1d', dimensions: { category: XSS }, value: 99_999 },
      { metric: 'top_products', window: '10m', value: 1, revision: 2, items: [{ key: XSS, value: 77 }] },
    ]);
    await board.name({ 'p-11009': XSS });
    await board.alert({ rule: XSS, severity: 'critical', summary: XSS, description: XSS, firing: true, minutesAgo: 1 });
    await open();
    await page.getByRole('row', { name: `${XSS} 77` }).waitFor();
    await page.getByRole('row', { name: `${XSS} sold out` }).getByRole('button').click();
    await page.getByRole('dialog', { name: `Low stock: ${XSS}` }).getByTestId('explained-value').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('1 firing').waitFor();
    await board.write([{ metric: 'views', window: '1d', dimensions: { category: `${XSS}2` }, value: 99_998 }]);
    await page.getByText(`${XSS}2`.slice(1), { exact: false }).first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.evaluate("'pwned' in window")).toBe(false);
    expect(complaints).toEqual([]);
  });

  describe('asked about a number', () => {
    const explained = (title: string): ReturnType<Page['locator']> => page.getByRole('dialog', { name: title });
    const focused = (): Promise<string> => page.evaluate<string>(`document.activeElement.closest('dialog') !== null ? 'dialog' : (document.activeElement.closest('[data-testid]')?.dataset.testid ?? document.activeElement.tagName)`);

    beforeEach(async () => {
      await board.write(ordinaryDay());
      await board.name(PRODUCTS);
      await open();
      await shows('revenue-today', '€386,422');
    });

    it('explains it in words, then down to its offsets', async () => {
      await page.getByTestId('revenue-today').getByRole('button').click();
      const dialog = explained('Revenue today');
      await dialog.getByTestId('explained-value').filter({ hasText: '€386,421.77' }).waitFor();
      for (const text of ['Total of the orders placed, before refunds. Only where currency is EUR.', '5,204 events of orders.', 'still running. Time zone Europe/Berlin.', 'revenue{currency=EUR}']) {
        await dialog.getByText(text).waitFor();
      }
      await dialog.getByRole('row', { name: `${board.lane}.shop.orders.v1 0 1000 6204` }).waitFor();
      const href = await dialog.getByRole('link', { name: 'The same as JSON' }).getAttribute('href');
      expect(await (await fetch(new URL(href ?? '', dashboard.api.url))).json()).toMatchObject({ metricKey: 'revenue{currency=EUR}', value: 38_642_177, sourceOffsets: [{ lastOffset: 6_204 }] });

      await board.write([{ metric: 'revenue', window: '1d', dimensions: EUR, value: 38_700_000, count: 5_210, revision: 2 }]);
      await dialog.getByText('Revision 2 has come since.').waitFor();
      await dialog.getByTestId('explained-value').filter({ hasText: '€386,421.77' }).waitFor();
      await dialog.getByRole('button', { name: 'Show it' }).click();
      await dialog.getByTestId('explained-value').filter({ hasText: '€387,000.00' }).waitFor();
      expect(await dialog.getByText('has come since').count()).toBe(0);
      await page.mouse.click(5, 5);
      await dialog.waitFor({ state: 'detached' });
      expect(complaints).toEqual([]);
    });

    it('explains every kind of number: a tile, a line of a ranking, a minute of the chart and of the table', async () => {
      const explains = async (title: string | RegExp, value: string): Promise<void> => {
        const dialog = page.getByRole('dialog', { name: title });
        await dialog.getByTestId('explained-value').filter({ hasText: value }).waitFor();
        await dialog.getByRole('button', { name: 'Close' }).click();
        await dialog.waitFor({ state: 'detached' });
      };
      await page.getByTestId('orders-today').getByRole('button').click();
      await explains('Orders today', '5,204 orders');
      await page.getByTestId('kpi-conversion_rate').getByRole('button').click();
      await explains('Conversion this hour', '3.12%');
      await page.getByTestId('kpi-active_users').getByRole('button').click();
      await explains('Active users last minute', 'visitors');
      await page.getByRole('row', { name: 'Germany €142.1K' }).getByRole('button').click();
      await explains('Revenue: Germany', '€142,100.50');
      await page.getByRole('row', { name: 'Garden hose, 20 m 61' }).getByRole('button').click();
      await explained('Best sellers: Garden hose, 20 m').getByText('Place 1 of the 10 listed; product id p-10412.').waitFor();
      await explains('Best sellers: Garden hose, 20 m', '61 items');
      await page.getByRole('img', { name: 'Sales per minute as bars' }).click();
      await explains(/^Revenue at \d\d:\d\d$/, '€');
      await page.getByRole('radio', { name: 'Table' }).check();
      await page.getByRole('region', { name: 'Sales per minute as a table' }).getByRole('row').nth(3).getByRole('button').nth(1).click();
      await explains(/^Orders at \d\d:\d\d$/, 'orders');
    });

    it('answers the keyboard: Enter opens, Tab stays inside, Escape closes and gives focus back', async () => {
      await page.getByTestId('orders-today').getByRole('button').focus();
      await page.keyboard.press('Enter');
      const dialog = explained('Orders today');
      await dialog.getByTestId('explained-value').waitFor();
      expect(await focused()).toBe('dialog');
      for (let tabs = 0; tabs < 6; tabs += 1) {
        await page.keyboard.press('Tab');
        // Past the last control focus may leave for the browser's own bars, never for the page behind.
        expect(['dialog', 'BODY']).toContain(await focused());
      }
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect(await focused()).toBe('orders-today');
    });

    it('says so where the server cannot explain it, and asks again', async () => {
      await page.route('**/api/windows/**', (route) => route.abort());
      await page.getByTestId('orders-today').getByRole('button').click();
      const dialog = explained('Orders today');
      await dialog.getByText('The server cannot explain this number now').waitFor();
      await page.unroute('**/api/windows/**');
      await dialog.getByRole('button', { name: 'Ask again' }).click();
      await dialog.getByTestId('explained-value').filter({ hasText: '5,204' }).waitFor();
    });

    it('fits a wall and a phone', async () => {
      for (const [name, size] of [['wall', WALL], ['phone', PHONE]] as const) {
        for (const colorScheme of ['light', 'dark'] as const) {
              await open({ colorScheme, viewport: size });
          await page.getByTestId('revenue-today').getByRole('button').click();
          const dialog = explained('Revenue today');
          await dialog.getByTestId('explained-value').waitFor();
          await page.screenshot({ path: chromium.shot(`explained-${name}-${colorScheme}`) });
          const box = await dialog.boundingBox();
          expect(box?.x).toBeGreaterThanOrEqual(0);
          expect((box?.x ?? 0) + (box?.width ?? Infinity)).toBeLessThanOrEqual(size.width);
          expect(box?.height).toBeLessThanOrEqual(size.height);
          expect(await page.evaluate<number>(`document.querySelector('dialog').scrollWidth - document.querySelector('dialog').clientWidth`)).toBeLessThanOrEqual(0);
          expect(await sidewaysScroll(page)).toBeLessThanOrEqual(0);
        }
      }
    });
  });

  it('shows old numbers as stale, and fresh ones not', async () => {
    const hour = 3_600_000;
    await board.write(ordinaryDay().filter(({ metric, ago }) => ago !== 0 || metric !== 'events').map((given) => ({ ...given, ageMs: hour })));
    await open();
    await shows('revenue-today', '€');
    await page.getByText('All numbers stale').waitFor();
    await page.locator('.panel.is-stale', { has: page.getByTestId('revenue-today') }).getByText('stale · 1 h').first().waitFor();
    await page.screenshot({ path: chromium.shot('wall-stale') });
    await board.write([{ metric: 'rating', window: '1d', value: 4.4, count: 750, revision: 2 }]);
    await shows('kpi-rating', '4.4');
    expect(await page.locator('.kpi.is-stale', { has: page.getByTestId('kpi-rating') }).count()).toBe(0);
  });

  it('says that there is nothing yet, then fills by itself', async () => {
    await open({ viewport: PHONE });
    await page.getByRole('heading', { name: 'No numbers yet' }).waitFor();
    await page.screenshot({ path: chromium.shot('phone-empty') });
    await board.write(ordinaryDay());
    await shows('revenue-today', '€386,422');
    expect(complaints).toEqual([]);
  });

  it('comes back by itself when the server does', async () => {
    await board.write(ordinaryDay());
    await open();
    await page.getByText('Live', { exact: true }).waitFor();
    const port = new URL(dashboard.api.url).port;
    await dashboard.api.end();
    await page.getByText('Reconnecting').waitFor();
    await dashboard.start({ MILLRACE_HTTP_PORT: port });
    await page.getByText('Live', { exact: true }).waitFor({ timeout: 60_000 });
    await board.write([{ metric: 'orders', window: '1d', value: 6_000, count: 6_000, revision: 2 }]);
    await shows('orders-today', '6,000');
  });

  it('works from the keyboard, with landmarks and a table behind the chart', async () => {
    await board.write(ordinaryDay());
    await open();
    await shows('revenue-today', '€386,422');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement?.textContent')).toBe('Skip to the numbers');
    expect(await page.getByRole('main').count()).toBe(1);
    expect(await page.getByRole('banner').count()).toBe(1);
    await page.getByRole('radio', { name: 'Revenue' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('region', { name: 'Sales per minute as a table' }).getByRole('row').nth(90).waitFor();
    expect(await page.locator('[aria-live="polite"]').count()).toBe(1);
  });
});
