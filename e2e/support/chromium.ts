import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';

export const DESK = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };
/** Runs where a page takes a text for markup. */
export const XSS = '<img src=x onerror="window.pwned=1">';

/** There is no browser to test the page in. */
export class NoChromiumError extends Error {
  override readonly name = 'NoChromiumError';
  constructor(readonly path: string) {
    super(`${path} is not there: install Chromium (Debian: apt-get install chromium), or name it with MILLRACE_CHROMIUM`);
  }
}

/** Starts the machine's Chromium. Throws {@link NoChromiumError}. */
async function launchChromium(): Promise<Browser> {
  const executablePath = process.env['MILLRACE_CHROMIUM'] ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) throw new NoChromiumError(executablePath);
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** A page, and what it complained of since it was opened: errors, and warnings on its console. */
export interface Visit {
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** One Chromium for the tests of a file, with one page at a time; what was opened is closed after each test. */
export class Chromium {
  #browser: Browser | null = null;
  #context: BrowserContext | null = null;
  #shots = '';

  /** Has the running file's tests share one. */
  static shared(name: string): Chromium {
    const chromium = new Chromium();
    beforeAll(async () => {
      chromium.#browser = await launchChromium();
      chromium.#shots = process.env['MILLRACE_SCREENSHOTS'] ?? (await mkdtemp(join(tmpdir(), `millrace-${name}-`)));
    });
    afterEach(() => chromium.leave());
    afterAll(() => chromium.#browser?.close());
    return chromium;
  }

  /** Leaves the page before, and opens one at a desk unless the options say otherwise. */
  async open(url: string, options: BrowserContextOptions = {}): Promise<Visit> {
    await this.leave();
    if (this.#browser === null) throw new TypeError('Chromium starts with the first test');
    this.#context = await this.#browser.newContext({ locale: 'en-GB', viewport: DESK, ...options });
    const page = await this.#context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(`${message.text()} ${message.location().url}`); });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(url);
    return { page, complaints };
  }

  async leave(): Promise<void> {
    await this.#context?.close();
    this.#context = null;
  }

  /** Where a screenshot of that name goes. */
  shot(name: string): string {
    return join(this.#shots, `${name}.png`);
  }
}

/** Pixels by which the page is wider than the window; it should never be. */
export const sidewaysScroll = (page: Page): Promise<number> => page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
