import { parseArgs } from 'node:util';
import type { RuleQuality } from '../people/rule-quality.js';
import { getFromNotifier, notifierUrl } from './notifier-client.js';
import type { Output } from './output.js';

interface Answer {
  readonly days: number;
  readonly budget: { readonly perWeek: number; readonly used: number };
  readonly rules: readonly RuleQuality[];
}

/** Says how good each rule is by what people said of its alerts. Returns the exit code. */
export async function rules(parameters: readonly string[], write: Output, env: Readonly<Record<string, string | undefined>> = process.env): Promise<number> {
  const { values } = parseArgs({
    args: [...parameters],
    options: { days: { type: 'string', default: '28' }, url: { type: 'string', default: notifierUrl(env) }, json: { type: 'boolean', default: false } },
  });
  const asked = await getFromNotifier(values.url, `/rules?${new URLSearchParams({ days: values.days }).toString()}`, write);
  if ('code' in asked) return asked.code;
  const answer = asked.answer as Answer;
  if (values.json) write.out(JSON.stringify(answer, null, 2));
  else for (const line of textOf(answer)) write.out(line);
  return 0;
}

function textOf({ days, budget, rules: all }: Answer): readonly string[] {
  const columns = ['rule', 'fired', 'told', 'right', 'wrong', 'unsure', 'precision', 'noise/week', 'of budget'];
  const rows = all.map(({ rule, outages, told, verdicts, precision, noisePerWeek, share }) =>
    [rule, ...[outages, told, verdicts.true, verdicts.false, verdicts.unsure].map(String), percent(precision), noisePerWeek?.toFixed(1) ?? '-', percent(share)]);
  const widths = columns.map((title, place) => Math.max(...[title, ...rows.map((row) => row[place] ?? '')].map(({ length }) => length)));
  const lineOf = (cells: readonly string[]): string => cells.map((cell, place) => (place === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[place] ?? 0))).join('  ');
  return [
    `Of ${String(days)} days; the noise budget is ${String(budget.perWeek)} messages about nothing a week, and ${budget.used.toFixed(1)} are used.`,
    lineOf(columns), ...rows.map(lineOf),
    ...all.flatMap(({ rule, proposals }) => proposals.flatMap(({ text, command }) => [`${rule}: ${text}`, ...(command === null ? [] : [`  ${command}`])])),
  ];
}

function percent(share: number | null): string {
  return share === null ? '-' : `${String(Math.round(share * 100))} %`;
}
