import { watch } from 'node:fs';
import { dirname } from 'node:path';

/** Editors write a file in several steps. */
const SETTLE_MS = 100;

export interface WatchedFile {
  /** Watches no more; resolves once a change in hand is dealt with. */
  close(): Promise<void>;
}

/** Calls `onChange` after a file has changed, one at a time. Its directory is watched, since most tools replace a file rather than write it. */
export function watchFile(path: string, onChange: () => Promise<void>, onError: (error: Error) => void): WatchedFile {
  let timer: NodeJS.Timeout | null = null;
  let changing = Promise.resolve();
  const watcher = watch(dirname(path), () => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => { changing = changing.then(onChange); }, SETTLE_MS);
  });
  watcher.on('error', onError);
  return {
    close: async () => {
      watcher.close();
      if (timer !== null) clearTimeout(timer);
      await changing;
    },
  };
}
