import type { FraudLabelEvent, FraudScore, TruthEvent } from '@millrace/contracts';

/** An order as the test knows it: with no code of the service. */
interface Known {
  readonly score: FraudScore;
  readonly truth: TruthEvent | undefined;
  readonly labels: readonly FraudLabelEvent[];
}

const DAY = 86_400_000;
export const LENGTHS: Readonly<Record<string, number>> = { '24h': DAY, '7d': 7 * DAY, '30d': 30 * DAY };

export function known(scores: readonly FraudScore[], labels: readonly FraudLabelEvent[], truths: readonly TruthEvent[]): Known[] {
  const orders = new Map<string, FraudScore>();
  for (const score of scores) {
    const held = orders.get(score.orderId);
    if (held === undefined || score.revision > held.revision) orders.set(score.orderId, score);
  }
  return [...orders.values()].map((score) => ({
    score,
    truth: truths.find(({ orderId }) => orderId === score.orderId),
    labels: labels.filter(({ orderId }) => orderId === score.orderId),
  }));
}

/** What the labels say: the latest of each kind stands, and one that says fraud is enough. */
function labelledFraud({ labels }: Known): boolean | null {
  if (labels.length === 0) return null;
  return ['CHARGEBACK', 'VERDICT', 'ALERT_OUTCOME'].some((kind) =>
    labels.filter(({ eventType }) => eventType === kind).sort((a, b) => a.occurredAt - b.occurredAt).at(-1)?.fraud === true);
}

const VERDICT_OF: Readonly<Record<string, (order: Known) => boolean | null>> = {
  oracle: ({ truth }) => (truth === undefined ? null : truth.eventType === 'FRAUD'),
  observed: (order) => labelledFraud(order) ?? false,
  labelled: labelledFraud,
};

/** Quality of one basis and window, counted order by order. */
export function recount(orders: readonly Known[], basis: string, window: string, labelDelayMs: number): Record<string, unknown> | null {
  const newest = Math.max(...orders.map(({ score }) => score.occurredAt));
  const end = basis === 'observed' ? newest - labelDelayMs : newest;
  const judged = orders
    .map((order) => ({ ...order, fraud: VERDICT_OF[basis]!(order), flagged: order.score.decision !== 'ALLOW' }))
    .filter(({ score, fraud }) => fraud !== null && score.occurredAt <= end && score.occurredAt > end - LENGTHS[window]!);
  if (judged.length === 0) return null;
  const of = (fraud: boolean, flagged: boolean) => judged.filter((order) => order.fraud === fraud && order.flagged === flagged);
  const [caught, missed, wrong, passed] = [of(true, true), of(true, false), of(false, true), of(false, false)];
  const money = (list: typeof judged, currency: string) => list.filter(({ score }) => score.currency === currency).reduce((sum, { score }) => sum + (score.totalMinor ?? 0), 0);
  const currencies = [...new Set(judged.flatMap(({ score }) => (score.currency === null ? [] : [score.currency])))].sort();
  const delays = caught.map(({ score }) => (score.scoredAt - score.occurredAt) / 1_000).sort((a, b) => a - b);
  const middle = delays.length / 2;
  const median = delays.length % 2 === 1 ? delays[Math.floor(middle)]! : (delays[middle - 1]! + delays[middle]!) / 2;
  const divide = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  return {
    orders: judged.length, caught: caught.length, missed: missed.length, wronglyStopped: wrong.length, passed: passed.length,
    precision: divide(caught.length, caught.length + wrong.length),
    recall: divide(caught.length, caught.length + missed.length),
    f1: divide(2 * caught.length, 2 * caught.length + missed.length + wrong.length),
    falsePositiveRate: divide(wrong.length, wrong.length + passed.length),
    averagePrecision: averagePrecision(judged.map(({ score, fraud }) => ({ score: score.score, fraud: fraud === true }))),
    detectionSeconds: delays.length === 0 ? null : { mean: delays.reduce((a, b) => a + b, 0) / delays.length, median },
    money: currencies.map((currency) => ({ currency, caughtMinor: money(caught, currency), missedMinor: money(missed, currency), wronglyStoppedMinor: money(wrong, currency) })),
    calibration: Array.from({ length: 10 }, (_, bin) => ({ bin, own: judged.filter(({ score }) => Math.min(9, Math.floor(score.score * 10)) === bin) }))
      .filter(({ own }) => own.length > 0)
      .map(({ bin, own }) => ({
        bin, orders: own.length, meanScore: own.reduce((sum, { score }) => sum + score.score, 0) / own.length, fraudShare: own.filter(({ fraud }) => fraud === true).length / own.length,
      })),
    scenarioRecall: basis !== 'oracle' ? {} : Object.fromEntries(
      [...new Set(judged.flatMap(({ fraud, truth }) => (fraud === true && truth?.scenario != null ? [truth.scenario] : [])))].sort().map((scenario) => {
        const own = (list: typeof judged) => list.filter(({ truth }) => truth?.scenario === scenario).length;
        return [scenario, own(caught) / (own(caught) + own(missed))];
      }),
    ),
  };
}

/** By definition: over every threshold, precision times the recall it adds. Quadratic, and plain to see. */
function averagePrecision(judged: readonly { readonly score: number; readonly fraud: boolean }[]): number | null {
  const frauds = judged.filter(({ fraud }) => fraud).length;
  if (frauds === 0) return null;
  let sum = 0;
  let recall = 0;
  for (const threshold of [...new Set(judged.map(({ score }) => score))].sort((a, b) => b - a)) {
    const above = judged.filter(({ score }) => score >= threshold);
    const hits = above.filter(({ fraud }) => fraud).length;
    sum += (hits / frauds - recall) * (hits / above.length);
    recall = hits / frauds;
  }
  return sum;
}
