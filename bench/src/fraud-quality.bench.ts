import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { System } from '@millrace/e2e/system';
import { backfill } from './live.ts';
import type { Bench, BenchRow } from './row.ts';
import { onStack } from './stack.ts';
import { runPython } from './streaming.ts';

/** The shipped rules were chosen on other seeds than these. */
const TRAINING = { seed: 'quality-train', from: '2026-03-01T00:00:00Z', until: '2026-05-15T00:00:00Z' };
const UNSEEN = { seed: 'quality-unseen', from: '2026-05-15T00:00:00Z', until: '2026-06-15T00:00:00Z' };
/** Events of orders: a third of them are orders placed. */
const ORDERS_PER_S = 0.04;
const CLICKS_PER_ORDER = 20;

const FIGURES = { precision: 'precision', recall: 'recall', f1: 'F1', averagePrecision: 'average precision', alertsPerDay: 'reviews and refusals a day' } as const;
type Side = Readonly<Record<keyof typeof FIGURES, number>>;

interface Comparison {
  readonly orders: number;
  readonly frauds: number;
  readonly basis: string;
  readonly a: Side;
  readonly b: Side;
  readonly scenarios: Readonly<Record<string, { readonly frauds: number; readonly recallA: number; readonly recallB: number }>>;
}

/** How much fraud the shipped rules catch in a simulated month that nobody tuned them on, alone and with a model trained on another shop's months before. */
export const fraudQuality: Bench = {
  title: 'Fraud quality, against the simulator’s truth',
  run: (report) =>
    onStack(async () => {
      const home = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
      const [training, unseen] = [await System.create(), await System.create()];
      try {
        for (const [system, shop] of [[training, TRAINING], [unseen, UNSEEN]] as const) {
          report(`writing the shop ${shop.seed}, ${shop.from.slice(0, 10)} to ${shop.until.slice(0, 10)} …`);
          await backfill(system, {
            MILLRACE_SIMULATOR_SEED: shop.seed, MILLRACE_SIMULATOR_FROM: shop.from, MILLRACE_SIMULATOR_UNTIL: shop.until,
            MILLRACE_SIMULATOR_CLICKSTREAM_RATE: String(ORDERS_PER_S * CLICKS_PER_ORDER), MILLRACE_SIMULATOR_ORDERS_RATE: String(ORDERS_PER_S),
          });
        }
        report('training …');
        const model = (await command(home, training.lane, ['train', '--delay', '7d', '--test', '7d', '--promote', '--json'])) as { version: string };
        report(`model ${model.version}; scoring the month nobody has seen, by rules alone and with it …`);
        return rowsOf((await command(home, unseen.lane, ['compare', 'none', 'current', '--json'])) as Comparison);
      } finally {
        await training.stop();
        await unseen.stop();
        await rm(home, { recursive: true, force: true });
      }
    }),
};

/** What a command of `millrace fraud` prints for programs. */
async function command(home: string, lane: string, words: readonly string[]): Promise<unknown> {
  return JSON.parse(await runPython('millrace_streaming.jobs.fraud', words, { MILLRACE_HOME: home, MILLRACE_LANE: lane }));
}

function rowsOf({ orders, frauds, basis, a, b, scenarios }: Comparison): BenchRow[] {
  if (basis !== 'truth') throw new Error('the lane has no truth');
  const figures = Object.entries(FIGURES).flatMap(([key, name]) => [
    { name: `${name}, rules alone`, value: round(a[key as keyof Side]), unit: '' },
    { name: `${name}, rules and model`, value: round(b[key as keyof Side]), unit: '' },
  ]);
  return [
    { name: 'month unseen', value: orders, unit: `orders, ${frauds.toLocaleString('en')} of them fraud` },
    ...figures,
    ...Object.entries(scenarios).map(([scenario, { frauds: own, recallA, recallB }]) => ({ name: `recall of ${scenario}`, value: round(recallB), unit: `of ${own}; rules alone ${round(recallA)}` })),
  ];
}

const round = (value: number): number => Math.round(value * 1_000) / 1_000;
