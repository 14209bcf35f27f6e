import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uniqueLane } from '@millrace/testing';
import type { Bench, BenchRow } from './row.ts';
import { onStack } from './stack.ts';
import { runPython } from './streaming.ts';

interface Case {
  readonly name: string;
  /** What fill.py writes. */
  readonly content: 'orders' | 'mixed';
  readonly records: number;
  /** Comma-separated; empty means all. */
  readonly metrics: string;
  readonly aim: string;
}

const CASES: readonly Case[] = [
  { name: 'orders by country', content: 'orders', records: 3_000_000, metrics: 'orders,revenue', aim: 'past 260,000' },
  { name: 'all metrics', content: 'mixed', records: 2_000_000, metrics: '', aim: '150,000' },
];

/** How fast the real job drains a backlog, from its first plan to the last publish, results in Kafka. */
export const spark: Bench = {
  title: 'Spark drains a backlog',
  run: (report) =>
    onStack(async () => {
      const home = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
      try {
        const rows: BenchRow[] = [];
        for (const one of CASES) rows.push(...(await measure(one, home, report)));
        return rows;
      } finally {
        await rm(home, { recursive: true, force: true });
      }
    }),
};

async function measure({ name, content, records, metrics, aim }: Case, home: string, report: (line: string) => void): Promise<BenchRow[]> {
  const lane = uniqueLane();
  report(`${name}: writing ${records.toLocaleString('en')} records …`);
  await runPython('bench.fill', [lane, content, String(records)], { MILLRACE_HOME: home });
  report(`${name}: draining …`);
  const stdout = await runPython('bench.drain', [lane, metrics], { MILLRACE_HOME: home });
  const { rate, warm_rate: warm, peak_mb: peak, cpu_s_per_million: cpu } = JSON.parse(stdout) as Record<string, number>;
  return [
    { name: `${name}: drained`, value: rate ?? Number.NaN, unit: 'records/s', aim },
    { name: `${name}: drained, second half (JIT warm)`, value: warm ?? Number.NaN, unit: 'records/s' },
    { name: `${name}: CPU of JVM and Python`, value: cpu ?? Number.NaN, unit: 's per million records' },
    { name: `${name}: most memory of JVM and Python`, value: peak ?? Number.NaN, unit: 'MB' },
  ];
}
