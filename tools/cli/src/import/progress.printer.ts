import { type ImportRun } from './import.run.js';

const BAR_WIDTH = 24;
const TTY_MS = 250;
const PLAIN_MS = 5000;

/** Shows how far an import is: a bar on a terminal, a line every five seconds elsewhere. Returns a function that ends it. */
export function showProgress(run: ImportRun, stream: NodeJS.WriteStream): () => void {
  const isTerminal = stream.isTTY;
  const started = performance.now();
  const timer = setInterval(
    () => {
      const line = progressLine(run.progress, (performance.now() - started) / 1000, isTerminal);
      stream.write(isTerminal ? `\r\u001B[2K${line}` : `${line}\n`);
    },
    isTerminal ? TTY_MS : PLAIN_MS,
  );
  timer.unref();
  return () => {
    clearInterval(timer);
    if (isTerminal) stream.write('\r\u001B[2K');
  };
}

/** One line of progress; the share is of the input's bytes, which are known before its rows. */
export function progressLine(progress: ImportRun['progress'], seconds: number, withBar: boolean): string {
  const { rows, published, bytes, size } = progress;
  const share = size === null || size === 0 ? null : Math.min(1, bytes / size);
  const filled = Math.round((share ?? 0) * BAR_WIDTH);
  const bar = withBar && share !== null ? `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ` : '';
  const percent = share === null ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${String(Math.floor(share * 100))} %`;
  const rate = Math.round(rows / Math.max(seconds, 0.001));
  return `${bar}${percent} read, ${rows.toLocaleString('en')} rows (${rate.toLocaleString('en')}/s), ${published.toLocaleString('en')} events`;
}
