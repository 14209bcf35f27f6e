import type { Labels } from '../routing/labels.js';
import type { Verdict } from './action-store.js';

/** One outage as its rule is judged by; times in ms. */
export interface JudgedOutage {
  readonly rule: string;
  readonly labels: Labels;
  readonly startsAt: number;
  /** Null while it fires. */
  readonly endsAt: number | null;
  /** Messages about it that reached somebody. */
  readonly messages: number;
  /** The last word on it. */
  readonly verdict: Verdict | null;
  /** What it fired with, and the limit of the time; null: not known. */
  readonly value: number | null;
  readonly threshold: number | null;
}

export interface NoiseBudget {
  /** Messages about nothing that are put up with in a week. */
  readonly perWeek: number;
  readonly weeks: number;
}

export interface Proposal {
  readonly kind: 'threshold' | 'for' | 'silence';
  readonly text: string;
  /** Does it; null: the rules file is to be changed. */
  readonly command: string | null;
}

/** How good a rule is, by what people said of its alerts. */
export interface RuleQuality {
  readonly rule: string;
  readonly outages: number;
  /** Outages that somebody had a message about. */
  readonly told: number;
  readonly messages: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** Share of the right ones among the right and the wrong; null: nobody has said. */
  readonly precision: number | null;
  /** Messages about nothing in a week, taking those that nobody judged to be as wrong as the judged; null: nobody has said. */
  readonly noisePerWeek: number | null;
  /** Of the noise budget. */
  readonly share: number | null;
  readonly proposals: readonly Proposal[];
}

/** Fewer verdicts are chance. */
const LEAST_VERDICTS = 5;
/** At a lower precision a rule wastes people's time. */
const WASTEFUL = 0.5;
/** So many wrong ones of one label value, and no right one, to silence it. */
const LEAST_OF_LABEL = 3;
const SILENCE = '7d';
/** The same of all alerts of a rule, or of one alert only: no use to tell the wrong from the right. */
const OF_ALL: ReadonlySet<string> = new Set(['alertname', 'rule', 'severity', 'lane', 'order', 'category']);

/** By rule, the noisiest first. `notifierUrl` is for the commands of proposals. */
export function qualityOf(outages: readonly JudgedOutage[], budget: NoiseBudget, notifierUrl: string): readonly RuleQuality[] {
  const rules = [...Map.groupBy(outages, ({ rule }) => rule)].map(([rule, those]) => ruleQuality(rule, those, budget, notifierUrl));
  return rules.sort((a, b) => (b.noisePerWeek ?? -1) - (a.noisePerWeek ?? -1) || b.messages - a.messages || (a.rule < b.rule ? -1 : 1));
}

function ruleQuality(rule: string, outages: readonly JudgedOutage[], { perWeek, weeks }: NoiseBudget, notifierUrl: string): RuleQuality {
  const by = (verdict: Verdict): number => outages.filter((one) => one.verdict === verdict).length;
  const verdicts = { true: by('true'), false: by('false'), unsure: by('unsure') };
  const decided = verdicts.true + verdicts.false;
  const precision = decided === 0 ? null : verdicts.true / decided;
  const messages = outages.reduce((sum, one) => sum + one.messages, 0);
  const noisePerWeek = precision === null ? null : (messages / weeks) * (1 - precision);
  const isWasteful = precision !== null && decided >= LEAST_VERDICTS && precision < WASTEFUL;
  return {
    rule, outages: outages.length, told: outages.filter((one) => one.messages > 0).length, messages, verdicts, precision, noisePerWeek,
    share: noisePerWeek === null ? null : noisePerWeek / perWeek,
    proposals: isWasteful ? proposalsOf(rule, outages.filter(({ verdict }) => verdict === 'true'), outages.filter(({ verdict }) => verdict === 'false'), notifierUrl) : [],
  };
}

/** What would have spared wrong ones and kept every right one. */
function proposalsOf(rule: string, right: readonly JudgedOutage[], wrong: readonly JudgedOutage[], notifierUrl: string): readonly Proposal[] {
  const found = [thresholdFor(right, wrong), holdFor(right, wrong), silenceFor(rule, right, wrong, notifierUrl)];
  return found.filter((one) => one !== null);
}

function thresholdFor(right: readonly JudgedOutage[], wrong: readonly JudgedOutage[]): Proposal | null {
  const [rights, wrongs] = [right.map(excess), wrong.map(excess)];
  const all = [...rights, ...wrongs];
  if (right.length === 0 || !all.every((one) => one !== null)) return null;
  const isUp = all.every(({ sign }) => sign > 0);
  if (!isUp && !all.every(({ sign }) => sign < 0)) return null;
  const keep = isUp ? Math.min(...rights.map((one) => one?.value ?? Infinity)) : Math.max(...rights.map((one) => one?.value ?? -Infinity));
  const spared = wrongs.flatMap((one) => (one !== null && (isUp ? one.value < keep : one.value > keep) ? [one.value] : []));
  if (spared.length === 0) return null;
  const nearest = isUp ? Math.max(...spared) : Math.min(...spared);
  const limit = roundBetween(nearest, keep);
  return {
    kind: 'threshold', command: null,
    text: `A limit of ${String(limit)} would have spared ${countOf(spared.length, wrong.length)} wrong ones and kept all ${String(right.length)} right ones: the wrong ones came no further than ${String(nearest)}, the right ones went to ${String(keep)} and beyond.`,
  };
}

/** On which side of its limit, and where. */
function excess({ value, threshold }: JudgedOutage): { readonly value: number; readonly sign: number } | null {
  return value === null || threshold === null || value === threshold ? null : { value, sign: Math.sign(value - threshold) };
}

/** The number with the fewest digits that tells the two apart: `low` does not reach it, `high` does. */
function roundBetween(a: number, b: number): number {
  const middle = (a + b) / 2;
  for (let digits = 1; digits <= 15; digits += 1) {
    const rounded = Number(middle.toPrecision(digits));
    if (rounded > Math.min(a, b) && rounded < Math.max(a, b)) return rounded;
  }
  return middle;
}

function holdFor(right: readonly JudgedOutage[], wrong: readonly JudgedOutage[]): Proposal | null {
  if (right.length === 0) return null;
  const shortest = Math.min(...right.map(lasted));
  const spared = wrong.map(lasted).filter((ms) => ms < shortest);
  if (spared.length * 2 < wrong.length || spared.length === 0) return null;
  const longest = Math.max(...spared);
  const seconds = Math.ceil(longest / 1_000);
  if (seconds * 1_000 >= shortest) return null;
  return {
    kind: 'for', command: null,
    text: `${String(seconds)} s more of "for" would have spared ${countOf(spared.length, wrong.length)} wrong ones, which ended by then; the right ones lasted ${String(Math.floor(shortest / 1_000))} s and more.`,
  };
}

function lasted({ startsAt, endsAt }: JudgedOutage): number {
  return endsAt === null ? Infinity : endsAt - startsAt;
}

/** The label value that most of the wrong ones have and no right one; the whole rule where none was right. */
function silenceFor(rule: string, right: readonly JudgedOutage[], wrong: readonly JudgedOutage[], notifierUrl: string): Proposal | null {
  const pairs = wrong.flatMap(({ labels }) => Object.entries(labels)).filter(([name, value]) => !OF_ALL.has(name) && right.every(({ labels }) => labels[name] !== value));
  const [most = []] = [...Map.groupBy(pairs, (pair) => JSON.stringify(pair)).values()].sort((a, b) => b.length - a.length);
  const [pair] = most;
  const count = most.length;
  if (pair !== undefined && count >= LEAST_OF_LABEL && count * 2 >= wrong.length && right.length + wrong.length > count) {
    const [name, value] = pair;
    return silence([`alertname=${rule}`, `${name}=${value}`], `${countOf(count, wrong.length)} wrong ones have ${name}="${value}", and no right one has: silence those while the rule is looked at.`, notifierUrl);
  }
  if (right.length > 0) return null;
  return silence([`alertname=${rule}`], `None of the ${String(wrong.length)} was right: silence the rule while it is looked at.`, notifierUrl);
}

function silence(matchers: readonly string[], text: string, notifierUrl: string): Proposal {
  return { kind: 'silence', text, command: `amtool --alertmanager.url=${notifierUrl} silence add ${matchers.map(quoted).join(' ')} --duration=${SILENCE} --comment="mostly wrong"` };
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w=.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function countOf(some: number, all: number): string {
  return some === all ? `all ${String(all)}` : `${String(some)} of ${String(all)}`;
}
