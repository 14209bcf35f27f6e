import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';

/** There is no browser to test the page in. */
export class NoChromiumError extends Error {
  override readonly name = 'NoChromiumError';
  constructor(readonly path: string) {
    super(`${path} is not there: install Chromium (Debian: apt-get install chromium), or name it with MILLRACE_CHROMIUM`);
  }
}

/** Starts the machine's Chromium. Throws {@link NoChromiumError}. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env['MILLRACE_CHROMIUM'] ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) throw new NoChromiumError(executablePath);
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** A page in a context of its own, and what it complained of since it was opened: errors, and warnings on its console. */
export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly complaints: readonly string[];
}

export async function visit(browser: Browser, url: string, options: BrowserContextOptions): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  return { context, page, complaints };
}

/** Pixels by which the page is wider than the window; it should never be. */
export const sidewaysScroll = (page: Page): Promise<number> => page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
