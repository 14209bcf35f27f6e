import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { BenchRow } from './row.ts';

const PAGE = new URL('../README.md', import.meta.url);

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly BenchRow[];
}

export function renderTable(rows: readonly BenchRow[]): string {
  const lines = rows.map(({ name, value, unit, ratio, ratioTo, aim }) => {
    const against = ratio === undefined ? '' : `${ratio.toFixed(2)} × ${ratioTo ?? ''}`;
    return `| ${name} | ${format(value)} ${unit} | ${against} | ${aim ?? ''} |`;
  });
  return ['| what | value | ratio in the same run | aim |', '|---|---|---|---|', ...lines].join('\n');
}

function format(value: number): string {
  if (Number.isNaN(value)) return 'n/a';
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

/** Replaces the section's table in bench/README.md, stamped with machine, command, commit and date. */
export function writeSection({ id, title, rows }: Section): void {
  const begin = `<!-- ${id} -->`;
  const end = `<!-- /${id} -->`;
  const text = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '# Measurements\n';
  const body = `${begin}\n## ${title}\n\n${stamp(id)}\n\n${renderTable(rows)}\n${end}`;
  const from = text.indexOf(begin);
  const next = from === -1 ? `${text.trimEnd()}\n\n${body}\n` : text.slice(0, from) + body + text.slice(text.indexOf(end) + end.length);
  writeFileSync(PAGE, next);
}

function stamp(id: string): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const [cpu] = cpus();
  const memory = `${String(Math.round(totalmem() / 2 ** 30))} GiB`;
  return `\`npm run bench -- ${id}\` at ${commit} on ${new Date().toISOString().slice(0, 10)}: ${String(cpus().length)} cores (${cpu?.model.trim() ?? 'unknown'}), ${memory}, Node ${process.versions.node}.`;
}
