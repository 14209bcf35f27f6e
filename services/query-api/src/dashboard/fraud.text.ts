import type { Formats } from './format.js';
import { age, minorDigits, sentence } from './format.js';
import type { Amount, Basis, Quality, RingKind, WindowReport } from './fraud.types.js';

/** Who says that an order was fraud. */
export const BASES: readonly { readonly basis: Basis; readonly name: string }[] = [
  { basis: 'oracle', name: 'The truth' },
  { basis: 'observed', name: 'Settled labels' },
  { basis: 'labelled', name: 'Labels so far' },
];

export interface Measure {
  readonly name: string;
  readonly value: string;
  /** In plain words. */
  readonly about: string;
}

/** The basis to trust first: the truth where there is one, else labels that have had their time, else what labels there are. */
export function bestBasis({ quality }: WindowReport): Basis | null {
  return BASES.find(({ basis }) => quality[basis] !== null)?.basis ?? null;
}

/** What each basis means, with the shop's own delay. */
export function aboutBasis(basis: Basis, labelDelayMs: number): string {
  return {
    oracle: 'What each order really was, as the simulator knows. A real shop has no such column.',
    observed: `Orders older than ${age(labelDelayMs)}: labelled fraud by then, or else taken as honest.`,
    labelled: 'Only orders that a bank or an analyst has judged. More of the flagged ones are looked at, so fraud let through is under-counted.',
  }[basis];
}

/** The numbers of one basis, for who runs the shop. */
export function measuresOf(quality: Quality, format: Formats): readonly Measure[] {
  const { caught, missed, wronglyStopped, passed } = quality;
  const flagged = caught + wronglyStopped;
  return [
    { name: 'Alarms that were right', value: share(quality.precision, format), about: flagged === 0 ? 'No order was flagged.' : `${format.count(caught)} of ${orders(flagged, format)} flagged were fraud.` },
    { name: 'Fraud found', value: share(quality.recall, format), about: caught + missed === 0 ? 'There was no fraud.' : `${format.count(caught)} of ${format.count(caught + missed)} fraud orders were flagged.` },
    { name: 'Money caught', value: money(quality, 'caughtMinor', format), about: 'In fraud orders that were flagged.' },
    { name: 'Money missed', value: money(quality, 'missedMinor', format), about: `In ${orders(missed, format)} of fraud let through.` },
    { name: 'Honest money held', value: money(quality, 'wronglyStoppedMinor', format), about: `${orders(wronglyStopped, format)} of ${format.count(wronglyStopped + passed)} honest ones were flagged.` },
    { name: 'Time to detect', value: quality.detectionSeconds === null ? '–' : seconds(quality.detectionSeconds.median, format), about: quality.detectionSeconds === null ? 'Nothing was caught.' : `Half of it sooner; ${seconds(quality.detectionSeconds.mean, format)} in the mean.` },
  ];
}

/** Further numbers that only the comparison shows. */
export function furtherMeasures(quality: Quality, format: Formats): readonly Measure[] {
  return [
    { name: 'Average precision', value: quality.averagePrecision === null ? '–' : quality.averagePrecision.toFixed(3), about: '' },
    { name: 'Honest orders flagged', value: share(quality.falsePositiveRate, format), about: '' },
    { name: 'Orders judged', value: format.count(quality.orders), about: '' },
  ];
}

/** What a population stability index says. */
export function driftLevel(psi: number): { readonly text: string; readonly tone: 'good' | 'warn' | 'bad' } {
  if (psi < 0.1) return { text: 'steady', tone: 'good' };
  return psi < 0.25 ? { text: 'moving', tone: 'warn' } : { text: 'drifted', tone: 'bad' };
}

export const decisionText = (decision: string): string => ({ REVIEW: 'Review', DECLINE: 'Decline', ALLOW: 'Allow' })[decision] ?? sentence(decision.toLowerCase());
export const labelText = (kind: string): string => ({ CHARGEBACK: 'Chargeback', VERDICT: 'Verdict', ALERT_OUTCOME: 'Alert outcome' })[kind] ?? kind;

/** Money as a table has room for it: shortened from a thousand on. */
export function amountText(minor: number, currency: string, format: Formats): string {
  return Math.abs(minor) < 1_000 * 10 ** minorDigits(currency) ? format.money(minor, currency) : format.moneyShort(minor, currency);
}

/** A feature's value: whole numbers whole, others with the digits that matter. */
export function featureText(value: number | null): string {
  if (value === null) return 'unknown';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

export const RING_KINDS: readonly RingKind[] = ['card', 'device', 'address'];
export const kindText = (kind: RingKind | 'customer'): string => sentence(kind);

/** "share 3 cards and 1 device". */
export function sharedText(things: Readonly<Record<RingKind, { readonly shared: number }>>): string {
  const parts = RING_KINDS.flatMap((kind) => {
    const { shared } = things[kind];
    return shared === 0 ? [] : [`${String(shared)} ${shared === 1 ? kind : kind === 'address' ? 'addresses' : `${kind}s`}`];
  });
  return `share ${parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}` : parts.join('')}`;
}

/** The largest sum first; at most two currencies. */
export function ringMoney(amounts: readonly Amount[], format: Formats): string {
  return amounts.length === 0 ? '–' : `${amounts.slice(0, 2).map(({ minor, currency }) => amountText(minor, currency, format)).join(' + ')}${amounts.length > 2 ? ' + …' : ''}`;
}

function share(ratio: number | null, format: Formats): string {
  return ratio === null ? '–' : format.percent(ratio);
}

/** The largest sum first; at most two currencies, since a tile has room for no more. */
function money({ money: sums }: Quality, what: 'caughtMinor' | 'missedMinor' | 'wronglyStoppedMinor', format: Formats): string {
  const present = sums.filter((sum) => sum[what] !== 0).sort((a, b) => b[what] - a[what]);
  const shown = (present.length === 0 ? sums.slice(0, 1) : present.slice(0, 2)).map((sum) => amountText(sum[what], sum.currency, format));
  return shown.length === 0 ? '–' : `${shown.join(' + ')}${present.length > 2 ? ' + …' : ''}`;
}

function seconds(value: number, format: Formats): string {
  return value < 60 ? `${format.decimal(value)} s` : age(value * 1_000);
}

function orders(count: number, format: Formats): string {
  return `${format.count(count)} ${count === 1 ? 'order' : 'orders'}`;
}
