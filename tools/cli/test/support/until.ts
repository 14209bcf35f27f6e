import { setTimeout as delay } from 'node:timers/promises';

/** The first result that is not null; fails after 60 s. */
export async function until<T>(look: () => Promise<T | null>): Promise<T> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new RangeError('it did not happen within 60 s');
    await delay(25);
  }
}
