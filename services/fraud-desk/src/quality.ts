import type { Decision } from './scored-order.js';

/**
 * By whose word an order is fraud. `oracle`: the simulator's truth. `observed`: the labels, of orders so old that those not labelled fraud count as
 * honest. `labelled`: the labels, of the orders that have one.
 */
export const BASES = ['oracle', 'observed', 'labelled'] as const;
export type Basis = (typeof BASES)[number];

const HOUR_MS = 3_600_000;
/** Spans of event time, shortest first; each ends with the newest order of its basis. */
export const WINDOWS = [
  { window: '24h', ms: 24 * HOUR_MS },
  { window: '7d', ms: 7 * 24 * HOUR_MS },
  { window: '30d', ms: 30 * 24 * HOUR_MS },
] as const;

interface Judgeable {
  /** Index of the shortest window that holds the orders; `WINDOWS.length` where none does. `settledSlot`: of the windows of settled orders. */
  readonly slot: number;
  readonly settledSlot: number;
  /** What they really were, and what the labels say; null where that is not known. */
  readonly truth: boolean | null;
  readonly labelled: boolean | null;
  readonly orders: number;
}

/** Orders that are alike in all that quality asks for. */
export interface OrderGroup extends Judgeable {
  readonly decision: Decision;
  readonly scenario: string | null;
  readonly currency: string | null;
  /** 0 to 9: score below 0.1, below 0.2, ... */
  readonly bin: number;
  /** Sum of the amounts, minor units. */
  readonly money: number | null;
  readonly scores: number;
  /** Seconds from the order to its flag, of the frauds that were flagged. */
  readonly delays: readonly number[];
}

/** Orders whose scores reach the same fraud's score and not the next higher one's. */
export interface RankGroup extends Judgeable {
  /** Number of that fraud's score among all scores of frauds, ascending; 0 below the lowest. */
  readonly rank: number;
}

export interface Money {
  readonly currency: string;
  readonly caughtMinor: number;
  readonly missedMinor: number;
  readonly wronglyStoppedMinor: number;
}

/** Counts and ratios; a ratio whose denominator is zero is null. */
export interface Confusion {
  readonly orders: number;
  /** Frauds flagged, frauds let through, honest orders flagged, honest orders let through. */
  readonly caught: number;
  readonly missed: number;
  readonly wronglyStopped: number;
  readonly passed: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  readonly falsePositiveRate: number | null;
}

export interface CalibrationBin {
  readonly bin: number;
  readonly orders: number;
  readonly meanScore: number;
  readonly fraudShare: number;
}

export interface Quality extends Confusion {
  readonly averagePrecision: number | null;
  /** Of the frauds flagged. */
  readonly detectionSeconds: { readonly mean: number; readonly median: number } | null;
  readonly money: readonly Money[];
  /** Of the fraud of each scenario, most orders first; only where scenarios are known. */
  readonly scenarios: readonly { readonly scenario: string; readonly orders: number; readonly caught: number; readonly missed: number; readonly recall: number | null; readonly money: readonly Money[] }[];
  /** Bins that hold an order. */
  readonly calibration: readonly CalibrationBin[];
}

/** Orders as a basis judges them. */
export type Judged<G> = G & { readonly fraud: boolean };

/** The groups within a window that the basis judges. */
export function judge<G extends Judgeable>(groups: readonly G[], basis: Basis, window: number): readonly Judged<G>[] {
  // Where no label has come at all, silence says nothing: nobody may be sending any.
  if (basis === 'observed' && !groups.some(({ settledSlot, labelled }) => settledSlot < WINDOWS.length && labelled !== null)) return [];
  return groups.flatMap((group) => {
    const fraud = { oracle: group.truth, observed: group.labelled ?? false, labelled: group.labelled }[basis];
    const slot = basis === 'observed' ? group.settledSlot : group.slot;
    return fraud === null || slot > window ? [] : [{ ...group, fraud }];
  });
}

/** Quality by one basis in one window, by its index; null where it judges no order. */
export function qualityOf(groups: readonly OrderGroup[], ranks: readonly RankGroup[], basis: Basis, window: number): Quality | null {
  const judged = judge(groups, basis, window);
  const confusion = confusionOf(judged);
  if (confusion.orders === 0) return null;
  return {
    ...confusion,
    averagePrecision: averagePrecisionOf(judge(ranks, basis, window)),
    detectionSeconds: meanAndMedian(judged.flatMap(({ fraud, delays }) => (fraud ? delays : []))),
    money: moneyOf(judged),
    // Only the simulator names scenarios: beside labels they would tell the truth.
    scenarios: basis === 'oracle' ? scenariosOf(judged) : [],
    calibration: calibrationOf(judged),
  };
}

/** Mean, over the frauds, of the share of fraud among all orders that score at least as high; null without fraud. */
export function averagePrecisionOf(ranks: readonly Judged<RankGroup>[]): number | null {
  const descending = [...Map.groupBy(ranks, ({ rank }) => rank)].sort(([a], [b]) => b - a);
  let above = 0;
  let frauds = 0;
  let sum = 0;
  for (const [, own] of descending) {
    const hits = total(own, ({ fraud, orders }) => (fraud ? orders : 0));
    above += total(own, ({ orders }) => orders);
    frauds += hits;
    sum += hits * (frauds / above);
  }
  return ratio(sum, frauds);
}

export function confusionOf(groups: readonly Judged<OrderGroup>[]): Confusion {
  const count = (fraud: boolean, flagged: boolean): number => total(groups, (group) => (isOf(group, fraud, flagged) ? group.orders : 0));
  const caught = count(true, true);
  const missed = count(true, false);
  const wronglyStopped = count(false, true);
  const passed = count(false, false);
  return {
    orders: caught + missed + wronglyStopped + passed, caught, missed, wronglyStopped, passed,
    precision: ratio(caught, caught + wronglyStopped),
    recall: ratio(caught, caught + missed),
    f1: ratio(2 * caught, 2 * caught + missed + wronglyStopped),
    falsePositiveRate: ratio(wronglyStopped, wronglyStopped + passed),
  };
}

/** By currency, in the order of its code. Orders whose score names no amount are in none. */
export function moneyOf(groups: readonly Judged<OrderGroup>[]): readonly Money[] {
  const currencies = [...new Set(groups.flatMap(({ currency }) => (currency === null ? [] : [currency])))].sort();
  return currencies.map((currency) => {
    const sum = (fraud: boolean, flagged: boolean): number =>
      total(groups, (group) => (group.currency === currency && isOf(group, fraud, flagged) ? (group.money ?? 0) : 0));
    return { currency, caughtMinor: sum(true, true), missedMinor: sum(true, false), wronglyStoppedMinor: sum(false, true) };
  });
}

function scenariosOf(groups: readonly Judged<OrderGroup>[]): Quality['scenarios'] {
  const named = groups.flatMap((group) => (group.fraud && group.scenario !== null ? [{ ...group, scenario: group.scenario }] : []));
  return [...Map.groupBy(named, ({ scenario }) => scenario)]
    .map(([scenario, own]) => {
      const { orders, caught, missed, recall } = confusionOf(own);
      return { scenario, orders, caught, missed, recall, money: moneyOf(own) };
    })
    .sort((a, b) => b.orders - a.orders || (a.scenario < b.scenario ? -1 : 1));
}

function calibrationOf(groups: readonly Judged<OrderGroup>[]): readonly CalibrationBin[] {
  return [...Map.groupBy(groups, ({ bin }) => bin)]
    .map(([bin, own]) => {
      const orders = total(own, (group) => group.orders);
      return { bin, orders, meanScore: total(own, ({ scores }) => scores) / orders, fraudShare: total(own, (group) => (group.fraud ? group.orders : 0)) / orders };
    })
    .sort((a, b) => a.bin - b.bin);
}

function meanAndMedian(values: readonly number[]): Quality['detectionSeconds'] {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
  return { mean: total(sorted, (value) => value) / sorted.length, median };
}

function isOf({ fraud, decision }: Judged<OrderGroup>, wanted: boolean, flagged: boolean): boolean {
  return fraud === wanted && (decision !== 'ALLOW') === flagged;
}

function total<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((sum, item) => sum + amount(item), 0);
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
