import type { GaugeOf, Metrics } from '@millrace/service-kit';
import { BASES, type Basis, type CalibrationBin, type Confusion, type Money, type Quality } from './quality.js';
import type { QualityReport, WindowReport } from './quality.report.js';

type Values<L extends string> = { readonly labels: Readonly<Record<L, string>>; readonly value: number | null }[];

/** A gauge whose series are those given last: one that is no longer given, or unknown, is gone. */
class GaugeTable<L extends string> {
  #shown = new Map<string, Readonly<Record<L, string>>>();

  constructor(private readonly gauge: GaugeOf<L>) {}

  show(values: Values<L>): void {
    const next = new Map<string, Readonly<Record<L, string>>>();
    for (const { labels, value } of values) {
      if (value === null) continue;
      this.gauge.set(labels, value);
      next.set(JSON.stringify(labels), labels);
    }
    for (const [key, labels] of this.#shown) if (!next.has(key)) this.gauge.remove(labels);
    this.#shown = next;
  }
}

interface Judged {
  readonly basis: Basis;
  readonly window: string;
  readonly quality: Quality;
}

const SCORE = ['basis', 'window'] as const;
const OUTCOMES = ['caught', 'missed', 'wrongly_stopped', 'passed'] as const;

/** Quality as Prometheus gauges. `scenario` is empty for all fraud together; only the oracle knows scenarios. */
export class QualityMetrics {
  readonly #precision; readonly #recall; readonly #f1; readonly #averagePrecision; readonly #falsePositiveRate;
  readonly #orders; readonly #money; readonly #detection; readonly #decisions; readonly #unscored;
  readonly #binOrders; readonly #binScore; readonly #binFraud;
  readonly #psi; readonly #referenceScores; readonly #asOf;

  constructor({ common }: Metrics) {
    const table = <const L extends string>(name: string, help: string, labels: readonly L[]): GaugeTable<L> => new GaugeTable(common.gauge(`fraud_${name}`, help, labels));
    const bin = [...SCORE, 'bin'] as const;
    this.#precision = table('precision', 'Share of the orders flagged (REVIEW or DECLINE) that were fraud.', SCORE);
    this.#recall = table('recall', 'Share of the fraud that was flagged.', [...SCORE, 'scenario']);
    this.#f1 = table('f1', 'Harmonic mean of precision and recall.', SCORE);
    this.#averagePrecision = table('average_precision', 'Mean over the frauds of the precision among all that score at least as high.', SCORE);
    this.#falsePositiveRate = table('false_positive_rate', 'Share of the honest orders that was flagged.', SCORE);
    this.#orders = table('orders', 'Orders judged, by outcome.', [...SCORE, 'outcome']);
    this.#money = table('money_minor', 'Money of the orders, minor units.', [...SCORE, 'outcome', 'currency', 'scenario']);
    this.#detection = table('detection_seconds', 'From a fraud order to the score that flagged it: mean and median.', [...SCORE, 'stat']);
    this.#decisions = table('decision_orders', 'Orders scored, by decision.', ['window', 'decision']);
    this.#unscored = table('unscored_orders', 'Orders of the simulator that nobody scored.', ['window', 'truth']);
    this.#binOrders = table('calibration_orders', 'Orders by score: bin 0 is below 0.1, bin 9 from 0.9.', bin);
    this.#binScore = table('calibration_score', 'Mean score of the bin.', bin);
    this.#binFraud = table('calibration_fraud_share', 'Share of fraud in the bin; as high as the mean score where scores are calibrated.', bin);
    this.#psi = table('feature_psi', 'Population stability index of a feature, last 24 h against the first scores of the model; above 0.25 it has drifted.', ['feature']);
    this.#referenceScores = table('drift_scores', 'Scores that drift is told from: reference and current.', ['part']);
    this.#asOf = table('quality_as_of_seconds', 'Event time of the newest order scored, since 1970.', []);
  }

  show(report: QualityReport | null): void {
    const windows = report?.windows ?? [];
    const judged = windows.flatMap(({ window, quality }) => BASES.flatMap((basis): Judged[] => (quality[basis] === null ? [] : [{ basis, window, quality: quality[basis] }])));
    this.#showRatios(judged);
    this.#showAmounts(judged);
    this.#showCalibration(judged);
    this.#showVolumes(windows);
    this.#showDrift(report);
  }

  #showRatios(judged: readonly Judged[]): void {
    const of = (value: (quality: Quality) => number | null): Values<'basis' | 'window'> => judged.map(({ basis, window, quality }) => ({ labels: { basis, window }, value: value(quality) }));
    this.#precision.show(of(({ precision }) => precision));
    this.#f1.show(of(({ f1 }) => f1));
    this.#averagePrecision.show(of(({ averagePrecision }) => averagePrecision));
    this.#falsePositiveRate.show(of(({ falsePositiveRate }) => falsePositiveRate));
    this.#recall.show(judged.flatMap(({ basis, window, quality }) =>
      [{ scenario: '', recall: quality.recall }, ...quality.scenarios].map(({ scenario, recall }) => ({ labels: { basis, window, scenario }, value: recall })),
    ));
  }

  #showAmounts(judged: readonly Judged[]): void {
    this.#orders.show(judged.flatMap(({ basis, window, quality }) => OUTCOMES.map((outcome) => ({ labels: { basis, window, outcome }, value: ordersOf(quality, outcome) }))));
    this.#money.show(judged.flatMap(({ basis, window, quality }) =>
      [{ scenario: '', money: quality.money }, ...quality.scenarios].flatMap(({ scenario, money }) => money.flatMap((sum) => sumsOf(sum, scenario).map(({ outcome, value }) => ({
        labels: { basis, window, outcome, currency: sum.currency, scenario }, value,
      })))),
    ));
    this.#detection.show(judged.flatMap(({ basis, window, quality: { detectionSeconds } }) =>
      (['mean', 'median'] as const).map((stat) => ({ labels: { basis, window, stat }, value: detectionSeconds?.[stat] ?? null })),
    ));
  }

  #showCalibration(judged: readonly Judged[]): void {
    const of = (value: (bin: CalibrationBin) => number): Values<'basis' | 'window' | 'bin'> =>
      judged.flatMap(({ basis, window, quality }) => quality.calibration.map((entry) => ({ labels: { basis, window, bin: String(entry.bin) }, value: value(entry) })));
    this.#binOrders.show(of(({ orders }) => orders));
    this.#binScore.show(of(({ meanScore }) => meanScore));
    this.#binFraud.show(of(({ fraudShare }) => fraudShare));
  }

  #showVolumes(windows: readonly WindowReport[]): void {
    this.#decisions.show(windows.flatMap(({ window, decisions }) => Object.entries(decisions).map(([decision, value]) => ({ labels: { window, decision }, value }))));
    this.#unscored.show(windows.flatMap(({ window, unscored: { orders, fraud } }) => [
      { labels: { window, truth: 'fraud' }, value: fraud },
      { labels: { window, truth: 'honest' }, value: orders - fraud },
    ]));
  }

  #showDrift(report: QualityReport | null): void {
    this.#psi.show((report?.drift.features ?? []).map(({ feature, psi }) => ({ labels: { feature }, value: psi })));
    this.#referenceScores.show(report === null ? [] : (['reference', 'current'] as const).map((part) => ({ labels: { part }, value: report.drift[part].scores })));
    this.#asOf.show(report === null ? [] : [{ labels: {}, value: report.asOf / 1_000 }]);
  }
}

function ordersOf(confusion: Confusion, outcome: (typeof OUTCOMES)[number]): number {
  return outcome === 'wrongly_stopped' ? confusion.wronglyStopped : confusion[outcome];
}

/** A scenario is fraud: nothing of it is stopped wrongly. */
function sumsOf({ caughtMinor, missedMinor, wronglyStoppedMinor }: Money, scenario: string): readonly { readonly outcome: string; readonly value: number }[] {
  const sums = [{ outcome: 'caught', value: caughtMinor }, { outcome: 'missed', value: missedMinor }];
  return scenario === '' ? [...sums, { outcome: 'wrongly_stopped', value: wronglyStoppedMinor }] : sums;
}
