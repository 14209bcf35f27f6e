import { describe, expect, it } from '@jest/globals';
import { averagePrecisionOf, confusionOf, judge, moneyOf, qualityOf, type Judged, type OrderGroup, type RankGroup } from './quality.js';

const group = (given: Partial<OrderGroup>): OrderGroup => ({
  slot: 0, settledSlot: 3, truth: false, labelled: null, decision: 'ALLOW', scenario: null, currency: 'EUR', bin: 0, orders: 1, money: 100, scores: 0.05, delays: [], ...given,
});
const judged = (given: Partial<Judged<OrderGroup>>): Judged<OrderGroup> => ({ ...group({}), fraud: false, ...given });
const rank = (of: number, fraud: boolean, orders: number): Judged<RankGroup> => ({ rank: of, slot: 0, settledSlot: 3, truth: fraud, labelled: null, orders, fraud });

describe('judge', () => {
  const groups = [
    group({ truth: true, labelled: null }), group({ truth: null, labelled: true }), group({ truth: true, labelled: false, settledSlot: 0 }), group({ truth: false, slot: 3, settledSlot: 2 }),
  ];

  it('takes the truth, the settled orders, or those with a label', () => {
    expect(judge(groups, 'oracle', 2).map(({ fraud }) => fraud)).toEqual([true, true]);
    expect(judge(groups, 'observed', 2).map(({ fraud }) => fraud)).toEqual([false, false]);
    expect(judge(groups, 'labelled', 2).map(({ fraud }) => fraud)).toEqual([true, false]);
  });

  it('takes silence for honesty only where labels come at all', () => {
    expect(judge([group({ settledSlot: 0 }), group({ settledSlot: 3, labelled: true })], 'observed', 2)).toEqual([]);
    expect(judge([group({ settledSlot: 0 }), group({ settledSlot: 2, labelled: false })], 'observed', 0).map(({ fraud }) => fraud)).toEqual([false]);
  });

  it('holds in a window what lies in the shorter ones too', () => {
    const spread = [0, 1, 1, 2].map((slot) => group({ slot }));
    expect([0, 1, 2].map((window) => judge(spread, 'oracle', window).length)).toEqual([1, 3, 4]);
  });
});

describe('confusionOf', () => {
  it('counts by fraud and flag, and divides', () => {
    const { orders, caught, missed, wronglyStopped, passed, precision, recall, f1, falsePositiveRate } = confusionOf([
      judged({ fraud: true, decision: 'REVIEW', orders: 10 }), judged({ fraud: true, decision: 'DECLINE', orders: 20 }), judged({ fraud: true, orders: 10 }),
      judged({ decision: 'REVIEW', orders: 20 }), judged({ orders: 940 }),
    ]);
    expect({ orders, caught, missed, wronglyStopped, passed }).toEqual({ orders: 1_000, caught: 30, missed: 10, wronglyStopped: 20, passed: 940 });
    expect([precision, recall, f1, falsePositiveRate]).toEqual([30 / 50, 30 / 40, 60 / 90, 20 / 960]);
  });

  it('knows no ratio without a denominator', () => {
    expect(confusionOf([judged({})])).toMatchObject({ precision: null, recall: null, f1: null, falsePositiveRate: 0 });
    expect(confusionOf([judged({ fraud: true })])).toMatchObject({ precision: null, recall: 0, f1: 0, falsePositiveRate: null });
  });
});

describe('averagePrecisionOf', () => {
  it('is 1 where all fraud scores above all else, and the prevalence where nothing is told apart', () => {
    expect(averagePrecisionOf([rank(2, true, 3), rank(0, false, 90)])).toBe(1);
    expect(averagePrecisionOf([rank(1, true, 10), rank(1, false, 90)])).toBeCloseTo(0.1, 12);
  });

  it('means the precision at the score of each fraud', () => {
    expect(averagePrecisionOf([rank(3, true, 1), rank(2, false, 1), rank(1, true, 1), rank(0, false, 5)])).toBeCloseTo((1 / 1 + 2 / 3) / 2, 12);
  });

  it('is not known without fraud', () => {
    expect(averagePrecisionOf([rank(0, false, 9)])).toBeNull();
  });
});

describe('moneyOf', () => {
  it('sums by currency and outcome, and leaves out what names none', () => {
    expect(moneyOf([
      judged({ fraud: true, decision: 'DECLINE', money: 5 }), judged({ fraud: true, money: 7 }), judged({ decision: 'REVIEW', money: 11 }), judged({ money: 13 }),
      judged({ fraud: true, currency: 'CHF', money: 17 }), judged({ fraud: true, currency: null, money: null }),
    ])).toEqual([
      { currency: 'CHF', caughtMinor: 0, missedMinor: 17, wronglyStoppedMinor: 0 },
      { currency: 'EUR', caughtMinor: 5, missedMinor: 7, wronglyStoppedMinor: 11 },
    ]);
  });
});

describe('qualityOf', () => {
  const groups = [
    group({ truth: true, labelled: true, decision: 'REVIEW', scenario: 'card-testing', bin: 9, orders: 2, scores: 1.9, delays: [1, 2] }),
    group({ truth: true, scenario: 'card-testing', bin: 1, scores: 0.15 }),
    group({ truth: true, decision: 'DECLINE', scenario: 'promo-abuse', bin: 9, scores: 0.9, delays: [6] }),
    group({ bin: 1, orders: 4, scores: 0.6 }),
  ];

  it('takes delays, calibration and scenarios over the window', () => {
    const quality = qualityOf(groups, [], 'oracle', 2);
    expect(quality?.detectionSeconds).toEqual({ mean: 3, median: 2 });
    expect(quality?.calibration).toEqual([
      { bin: 1, orders: 5, meanScore: 0.75 / 5, fraudShare: 1 / 5 },
      { bin: 9, orders: 3, meanScore: 2.8 / 3, fraudShare: 1 },
    ]);
    expect(quality?.scenarios.map(({ scenario, orders, recall }) => [scenario, orders, recall])).toEqual([['card-testing', 3, 2 / 3], ['promo-abuse', 1, 1]]);
  });

  it('names no scenario but by the truth', () => {
    expect(qualityOf(groups, [], 'labelled', 2)).toMatchObject({ orders: 2, scenarios: [] });
  });

  it('is null where there is no order to judge, and knows no delay without a catch', () => {
    expect(qualityOf(groups, [], 'observed', 2)).toBeNull();
    expect(qualityOf([group({ truth: true })], [], 'oracle', 0)?.detectionSeconds).toBeNull();
  });
});
