import type { FraudLabelEvent, FraudScore, TruthEvent } from '@millrace/contracts';

const DAY_MS = 86_400_000;
export const SPANS: Readonly<Record<string, number>> = { '24h': DAY_MS, '7d': 7 * DAY_MS, '30d': 30 * DAY_MS };
export type Basis = 'oracle' | 'observed' | 'labelled';

/** What lies in the topics, each in the order of its partitions. */
export interface FraudRecords {
  readonly scores: readonly FraudScore[];
  readonly labels: readonly FraudLabelEvent[];
  readonly truths: readonly TruthEvent[];
}

export interface MoneyCount {
  readonly currency: string;
  readonly caughtMinor: number;
  readonly missedMinor: number;
  readonly wronglyStoppedMinor: number;
}

/** Quality of a basis in a window; a ratio without a denominator is null. */
export interface QualityCount {
  readonly orders: number;
  readonly caught: number;
  readonly missed: number;
  readonly wronglyStopped: number;
  readonly passed: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  readonly falsePositiveRate: number | null;
  readonly averagePrecision: number | null;
  readonly detectionSeconds: { readonly mean: number; readonly median: number } | null;
  readonly money: readonly MoneyCount[];
  readonly scenarios: readonly { readonly scenario: string; readonly orders: number; readonly caught: number; readonly missed: number; readonly recall: number | null; readonly money: readonly MoneyCount[] }[];
  readonly calibration: readonly { readonly bin: number; readonly orders: number; readonly meanScore: number; readonly fraudShare: number }[];
}

/** An order as a basis judges it. */
interface JudgedOrder {
  readonly score: FraudScore;
  readonly fraud: boolean;
  readonly flagged: boolean;
  readonly scenario: string | null;
  /** When the first score that flagged it was made. */
  readonly flaggedAt: number | null;
}

/** Of every order the score with the highest revision, of equal ones the first. */
export function finalScores(scores: readonly FraudScore[]): ReadonlyMap<string, FraudScore> {
  const final = new Map<string, FraudScore>();
  for (const score of scores) {
    const held = final.get(score.orderId);
    if (held === undefined || score.revision > held.revision) final.set(score.orderId, score);
  }
  return final;
}

/** Of every order that a label came for: whether it is labelled fraud. Of each kind the latest stands, of equally late ones that with the highest id. */
export function labelledFrauds(labels: readonly FraudLabelEvent[]): ReadonlyMap<string, boolean> {
  const standing = new Map<string, FraudLabelEvent>();
  for (const label of labels) {
    const key = `${label.orderId} ${label.eventType}`;
    const held = standing.get(key);
    if (held === undefined || label.occurredAt > held.occurredAt || (label.occurredAt === held.occurredAt && label.eventId > held.eventId)) standing.set(key, label);
  }
  const frauds = new Map<string, boolean>();
  for (const { orderId, fraud } of standing.values()) frauds.set(orderId, fraud || frauds.get(orderId) === true);
  return frauds;
}

/**
 * The quality that the fraud desk should report, counted order by order; null where no order is judged. It takes no line of the desk's code.
 * @param labelDelayMs age from which an order without a label counts as honest
 */
export function recountQuality(records: FraudRecords, basis: Basis, span: number, labelDelayMs: number): QualityCount | null {
  const final = finalScores(records.scores);
  const truth = new Map(records.truths.map((event) => [event.orderId, event]));
  const labelled = labelledFrauds(records.labels);
  const flaggedAt = firstFlags(records.scores);
  const newest = [...final.values()].reduce((latest, { occurredAt }) => Math.max(latest, occurredAt), 0);
  const end = basis === 'observed' ? newest - labelDelayMs : newest;
  const judged: JudgedOrder[] = [];
  for (const [orderId, score] of final) {
    if (score.occurredAt > end || score.occurredAt <= end - span) continue;
    const said = { oracle: truth.has(orderId) ? truth.get(orderId)!.eventType === 'FRAUD' : null, observed: labelled.get(orderId) ?? false, labelled: labelled.get(orderId) ?? null }[basis];
    if (said === null) continue;
    judged.push({ score, fraud: said, flagged: score.decision !== 'ALLOW', scenario: truth.get(orderId)?.scenario ?? null, flaggedAt: flaggedAt.get(orderId) ?? null });
  }
  return judged.length === 0 ? null : qualityOf(judged, basis === 'oracle');
}

/** Of every order flagged: when the first score that flagged it was made. */
function firstFlags(scores: readonly FraudScore[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const { orderId, decision, scoredAt } of scores) {
    if (decision !== 'ALLOW') first.set(orderId, Math.min(scoredAt, first.get(orderId) ?? Infinity));
  }
  return first;
}

function qualityOf(judged: readonly JudgedOrder[], withScenarios: boolean): QualityCount {
  const caught = judged.filter(({ fraud, flagged }) => fraud && flagged);
  const missed = judged.filter(({ fraud, flagged }) => fraud && !flagged).length;
  const wronglyStopped = judged.filter(({ fraud, flagged }) => !fraud && flagged).length;
  const passed = judged.filter(({ fraud, flagged }) => !fraud && !flagged).length;
  const delays = caught.flatMap(({ flaggedAt, score }) => (flaggedAt === null ? [] : [(flaggedAt - score.occurredAt) / 1_000])).sort((a, b) => a - b);
  const names = withScenarios ? [...new Set(judged.flatMap(({ fraud, scenario }) => (fraud && scenario !== null ? [scenario] : [])))] : [];
  return {
    orders: judged.length, caught: caught.length, missed, wronglyStopped, passed,
    precision: share(caught.length, caught.length + wronglyStopped),
    recall: share(caught.length, caught.length + missed),
    f1: share(2 * caught.length, 2 * caught.length + missed + wronglyStopped),
    falsePositiveRate: share(wronglyStopped, wronglyStopped + passed),
    averagePrecision: averagePrecision(judged),
    detectionSeconds: delays.length === 0 ? null : { mean: delays.reduce((sum, delay) => sum + delay, 0) / delays.length, median: medianOf(delays) },
    money: moneyOf(judged),
    scenarios: names
      .map((scenario) => {
        const own = judged.filter((order) => order.fraud && order.scenario === scenario);
        const found = own.filter(({ flagged }) => flagged).length;
        return { scenario, orders: own.length, caught: found, missed: own.length - found, recall: share(found, own.length), money: moneyOf(own) };
      })
      .sort((a, b) => b.orders - a.orders || (a.scenario < b.scenario ? -1 : 1)),
    calibration: Array.from({ length: 10 }, (_, bin) => ({ bin, own: judged.filter(({ score: { score } }) => Math.min(9, Math.floor(score * 10)) === bin) }))
      .filter(({ own }) => own.length > 0)
      .map(({ bin, own }) => ({
        bin, orders: own.length,
        meanScore: own.reduce((sum, { score }) => sum + score.score, 0) / own.length,
        fraudShare: own.filter(({ fraud }) => fraud).length / own.length,
      })),
  };
}

/** Over all frauds the mean share of fraud among the orders that score at least as high: quadratic, and plain to see. */
function averagePrecision(judged: readonly JudgedOrder[]): number | null {
  const frauds = judged.filter(({ fraud }) => fraud);
  const precisions = frauds.map(({ score: { score: threshold } }) => {
    const above = judged.filter(({ score }) => score.score >= threshold);
    return above.filter(({ fraud }) => fraud).length / above.length;
  });
  return share(precisions.reduce((sum, precision) => sum + precision, 0), frauds.length);
}

function moneyOf(judged: readonly JudgedOrder[]): MoneyCount[] {
  const currencies = [...new Set(judged.flatMap(({ score }) => (score.currency === null ? [] : [score.currency])))].sort();
  return currencies.map((currency) => {
    const sum = (wanted: boolean, flagged: boolean): number =>
      judged.reduce((total, order) => (order.score.currency === currency && order.fraud === wanted && order.flagged === flagged ? total + (order.score.totalMinor ?? 0) : total), 0);
    return { currency, caughtMinor: sum(true, true), missedMinor: sum(true, false), wronglyStoppedMinor: sum(false, true) };
  });
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function medianOf(sorted: readonly number[]): number {
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[sorted.length / 2 - 1] ?? 0) + upper) / 2;
}
