import { once } from 'node:events';
import { System } from '@millrace/e2e/system';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from './row.ts';
import { onStack } from './stack.ts';

const EVENTS = 400_000;

/** How fast the simulated world can be written to Kafka, back-pressure and acknowledgements included. */
export const simulator: Bench = {
  title: 'Simulator',
  run: (report) =>
    onStack(async () => {
      const system = await System.create();
      try {
        report(`${EVENTS.toLocaleString('en')} events of a backfill at full speed …`);
        const from = new Date(Date.now() - 30 * 86_400_000).toISOString();
        const part = await system.start('simulator', {
          MILLRACE_SIMULATOR_FROM: from, MILLRACE_SIMULATOR_SPEED: 'max', MILLRACE_SIMULATOR_COUNT: String(EVENTS),
          MILLRACE_SIMULATOR_CLICKSTREAM_RATE: '970', MILLRACE_SIMULATOR_ORDERS_RATE: '30',
        });
        const [seconds, events] = await sendingRate(part.url);
        part.child.kill('SIGTERM');
        if (part.running) await once(part.child, 'exit');
        return [{ name: 'events written', value: events / seconds, unit: 'events/s', aim: 'at least 20,000' }];
      } finally {
        await system.stop();
      }
    }),
};

/** Seconds and events between the first look and the last acknowledgement. */
async function sendingRate(url: string): Promise<[number, number]> {
  const first = await acknowledged(url);
  const began = performance.now();
  for (;;) {
    const now = await acknowledged(url);
    if (now >= EVENTS) return [(performance.now() - began) / 1000, now - first];
    await delay(50);
  }
}

async function acknowledged(url: string): Promise<number> {
  const { totals } = (await (await fetch(`${url}/ledger`)).json()) as { totals: Record<string, { acknowledged: number }> };
  return Object.values(totals).reduce((sum, counts) => sum + counts.acknowledged, 0);
}
