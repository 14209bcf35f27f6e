import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { fraudLabelEvent, fraudScore, orderEvent, truthEvent, type FraudScore, type OrderEvent } from '@millrace/contracts';
import type { KafkaConnection } from '@millrace/kafka';
import { testKafka, until } from '@millrace/testing';
import { differences } from './support/compare.js';
import { finalScores, recountQuality, SPANS, type Basis, type FraudRecords, type QualityCount } from './support/fraud-recount.js';
import { allScored, scoresEnd, scoresFrom, verdicts } from './support/fraud-scores.js';
import { System } from './support/system.js';
import { countRecords, firstOfEachId, readTopic } from './support/topics.js';

jest.setTimeout(300_000);

const BASES: readonly Basis[] = ['oracle', 'observed', 'labelled'];
/** Scenarios that end in chargebacks; of the others hardly any bank hears. */
const HEARD_OF = ['account-takeover', 'compromised-page', 'fraud-ring', 'friendly-fraud', 'stolen-card'];
const SCENARIOS = [
  'account-takeover', 'bot-checkout', 'card-testing', 'compromised-page', 'fraud-ring', 'friendly-fraud', 'promo-abuse', 'reseller-hoarding', 'stolen-card',
];
/** Three weeks, so that some orders are older than the labels' usual fourteen days. */
const SHOP = {
  MILLRACE_SIMULATOR_SEED: 'fraud', MILLRACE_SIMULATOR_FROM: '2026-08-01T00:00:00Z', MILLRACE_SIMULATOR_UNTIL: '2026-08-22T00:00:00Z', MILLRACE_SIMULATOR_STOP: 'true', MILLRACE_SIMULATOR_EXIT: 'true',
  MILLRACE_SIMULATOR_CLICKSTREAM_RATE: '0.05', MILLRACE_SIMULATOR_ORDERS_RATE: '0.012',
  MILLRACE_SIMULATOR_FRAUD_PREVALENCE: '0.1', MILLRACE_SIMULATOR_FRAUD_DIFFICULTY: '0.3', MILLRACE_SIMULATOR_VERDICT_SHARE: '0.1',
  MILLRACE_SIMULATOR_FAULT_DUPLICATE: '0.02', MILLRACE_SIMULATOR_FAULT_OUT_OF_ORDER: '0.05', MILLRACE_SIMULATOR_FAULT_LATE: '0',
};
const LABEL_DELAY_MS = 14 * 86_400_000;
const JOB = { MILLRACE_FRAUD_BATCH: '5s' };
/** Scores at which the job is killed: most orders are still to come. */
const SCORED_AT_KILL = 1_500;

interface Report {
  readonly computedAt: number;
  readonly windows: readonly { readonly window: string; readonly unscored: { readonly orders: number }; readonly quality: Readonly<Record<Basis, QualityCount | null>> }[];
}

describe('fraud in a seeded shop, scored by a job that is killed half-way', () => {
  let system: System;
  let kafka: KafkaConnection;
  let placed: ReadonlyMap<string, OrderEvent>;
  let records: FraudRecords;
  let told: Report;
  let scoredAtKill: number;

  beforeAll(async () => {
    system = await System.create();
    ({ kafka } = testKafka(system.lane));
    const simulator = await system.start('simulator', SHOP);
    await until('the shop to have been written', () => !simulator.running, 120_000);
    const events = firstOfEachId(await readTopic(kafka, orderEvent));
    placed = new Map(events.filter(({ eventType }) => eventType === 'PLACED').map((event) => [event.orderId, event]));
    await system.start('fraud-desk', { MILLRACE_FRAUD_DESK_QUALITY_EVERY_MS: '250', MILLRACE_FRAUD_DESK_LABEL_DELAY_MINUTES: String(LABEL_DELAY_MS / 60_000) });
    const job = await system.start('spark-fraud', JOB);
    await until('some scores', async () => (await countRecords(kafka, fraudScore.topic)) > SCORED_AT_KILL, 120_000);
    await job.end('SIGKILL');
    scoredAtKill = finalScores(await scoresFrom(kafka)).size;
    await system.start('spark-fraud', JOB);
    await allScored(system, kafka, placed.size);
    expect(await system.part('spark-fraud').end()).toBe(0);
    const [scores, labels, truths] = await Promise.all([scoresFrom(kafka), readTopic(kafka, fraudLabelEvent), readTopic(kafka, truthEvent)]);
    records = { scores, labels: firstOfEachId(labels), truths: firstOfEachId(truths) };
    await takenIn(system);
    // Read once: a recount holds this process up for longer than the desk keeps a quiet connection.
    told = await report(system);
  }, 900_000);

  afterAll(async () => {
    await system.stop();
    await testKafka(system.lane).clean();
  }, 60_000);

  it('F28: every order has one final score, that of its own money, although the job was killed', () => {
    const final = finalScores(records.scores);
    expect(scoredAtKill).toBeLessThan(placed.size);
    expect([...final.keys()].sort()).toEqual([...placed.keys()].sort());
    for (const [orderId, { totalMinor, currency, customerId, occurredAt }] of final) {
      const order = placed.get(orderId)!;
      expect([orderId, totalMinor, currency, customerId, occurredAt]).toEqual([orderId, order.totalMinor, order.currency, order.customerId, order.occurredAt]);
    }
  });

  it('has met every scenario, and every outcome by every basis', () => {
    const counts = new Map(BASES.map((basis) => [basis, recountQuality(records, basis, SPANS['30d']!, LABEL_DELAY_MS)!]));
    expect(counts.get('oracle')!.scenarios.map(({ scenario }) => scenario).sort()).toEqual(SCENARIOS);
    for (const [basis, count] of counts) {
      for (const outcome of ['caught', 'missed', 'wronglyStopped', 'passed'] as const) expect([basis, outcome, count[outcome] > 0]).toEqual([basis, outcome, true]);
    }
  });

  it.each(Object.keys(SPANS).flatMap((window) => BASES.map((basis) => [window, basis] as const)))('says of the last %s by the %s basis what a recount of the topics says', (window, basis) => {
    const expected = recountQuality(records, basis, SPANS[window]!, LABEL_DELAY_MS);
    expect(expected).not.toBeNull();
    expect(differences(expected, reported(told, window, basis))).toEqual([]);
  });

  it('has no order that was not scored', () => {
    expect(told.windows.map(({ unscored }) => unscored.orders)).toEqual([0, 0, 0]);
  });

  it('finds by labels, once they have had their time, the recall that the truth has, where banks hear of fraud', () => {
    const scenarios = new Map(records.truths.map(({ orderId, scenario }) => [orderId, scenario ?? null]));
    const newest = Math.max(...records.scores.map(({ occurredAt }) => occurredAt));
    const heardOf = records.scores.filter(({ orderId }) => scenarios.get(orderId) === null || HEARD_OF.includes(scenarios.get(orderId)!));
    const recalls = (wanted: (score: FraudScore) => boolean) =>
      (['oracle', 'observed'] as const).map((basis) => recountQuality({ ...records, scores: heardOf.filter(wanted) }, basis, SPANS['30d']!, 0)!);
    const [truth, labels] = recalls(({ occurredAt }) => occurredAt <= newest - LABEL_DELAY_MS);
    expect(Math.abs(labels!.recall! - truth!.recall!)).toBeLessThan(0.1);
    // Before that more of the fraud counts as honest.
    const [young, unlabelled] = recalls(({ occurredAt }) => occurredAt > newest - LABEL_DELAY_MS / 4);
    const frauds = ({ caught, missed }: QualityCount): number => caught + missed;
    expect(frauds(unlabelled!) / frauds(young!)).toBeLessThan(0.9 * (frauds(labels!) / frauds(truth!)));
  });

  it('would notice one order flagged or not, a cent, and one order without its truth', () => {
    const found = reported(told, '30d', 'oracle');
    const { orderId, totalMinor } = records.scores.find(({ decision }) => decision === 'REVIEW')!;
    const changed = (change: Partial<FraudScore>): FraudRecords => ({ ...records, scores: records.scores.map((score) => (score.orderId === orderId ? { ...score, ...change } : score)) });
    const mutants = [changed({ decision: 'ALLOW' }), changed({ totalMinor: totalMinor! + 1 }), { ...records, truths: records.truths.filter((truth) => truth.orderId !== orderId) }];
    for (const mutant of mutants) expect(differences(recountQuality(mutant, 'oracle', SPANS['30d']!, LABEL_DELAY_MS), found)).not.toEqual([]);
  });

  it('F28: a job that nobody kills gives every order the same score', async () => {
    const end = await scoresEnd(kafka);
    await system.start('spark-fraud', { ...JOB, MILLRACE_HOME: join(system.home, 'undisturbed') });
    await allScored(system, kafka, placed.size, end);
    expect(await system.part('spark-fraud').end()).toBe(0);
    expect(differences(verdicts(records.scores), verdicts(await scoresFrom(kafka, end)))).toEqual([]);
  });
});

/** Waits until the desk has nothing left to read, and has computed quality since. */
async function takenIn(system: System): Promise<void> {
  const left = async (): Promise<number> => {
    const text = await (await fetch(`${system.part('fraud-desk').url}/metrics`)).text();
    const lags = [...text.matchAll(/^millrace_consumer_lag_records\{.*\} (\S+)$/gmu)].map(([, value]) => Number(value));
    return lags.length === 0 ? Infinity : lags.reduce((sum, lag) => sum + lag, 0);
  };
  await until('the desk to have taken all', async () => (await left()) === 0, 60_000);
  // The first to end after now may have begun before.
  for (let computations = 0; computations < 2; computations += 1) {
    const { computedAt } = await report(system);
    await until('the desk to have computed quality', async () => (await report(system)).computedAt > computedAt, 60_000);
  }
}

async function report(system: System): Promise<Report> {
  const answer = (await (await fetch(`${system.part('fraud-desk').url}/api/fraud/quality`)).json()) as { report: Report };
  return answer.report;
}

function reported({ windows }: Report, window: string, basis: Basis): QualityCount | null {
  return windows.find((one) => one.window === window)!.quality[basis];
}
