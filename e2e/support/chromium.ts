import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

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
