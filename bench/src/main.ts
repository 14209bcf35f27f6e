import { parseArgs } from 'node:util';
import type { Bench } from './row.ts';
import { renderTable, writeSection } from './report.ts';

/** Loaded when chosen: each brings its own stack. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  clients: async () => (await import('./clients.bench.ts')).clients,
  simulator: async () => (await import('./simulator.bench.ts')).simulator,
  spark: async () => (await import('./spark.bench.ts')).spark,
  start: async () => (await import('./start.bench.ts')).start,
  fraud: async () => (await import('./fraud.bench.ts')).fraud,
  'fraud-quality': async () => (await import('./fraud-quality.bench.ts')).fraudQuality,
  alerts: async () => (await import('./alerts.bench.ts')).alerts,
  latency: async () => (await import('./latency.bench.ts')).latency,
};

const HELP = `npm run bench [-- NAME…] [--dry-run]

Measures and writes the tables of bench/README.md. Names: ${Object.keys(BENCHES).join(', ')}; all of them without a name.
  --dry-run   print the tables, leave bench/README.md as it is
`;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean' }, 'dry-run': { type: 'boolean' } } });
const unknown = positionals.filter((name) => !(name in BENCHES));
if (values.help === true || unknown.length > 0) {
  if (unknown.length > 0) process.stderr.write(`bench: no bench is called ${unknown.join(', ')}\n`);
  process.stdout.write(HELP);
  process.exit(unknown.length > 0 ? 64 : 0);
}

const chosen = Object.entries(BENCHES).filter(([name]) => positionals.length === 0 || positionals.includes(name));
for (const [id, load] of chosen) {
  const bench = await load();
  process.stdout.write(`\n${bench.title}\n`);
  const rows = await bench.run((line) => process.stdout.write(`  ${line}\n`));
  process.stdout.write(`\n${renderTable(rows)}\n`);
  if (values['dry-run'] !== true) writeSection({ id, title: bench.title, rows });
}
