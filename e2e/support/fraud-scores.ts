import { fraudScore, inLane, type FraudScore } from '@millrace/contracts';
import type { KafkaConnection } from '@millrace/kafka';
import { until } from '@millrace/testing';
import { finalScores } from './fraud-recount.js';
import type { System } from './system.js';
import { countRecords, readTopic } from './topics.js';

/** Next offset by partition of `fraud.scores.v1`. */
export type ScoreOffsets = ReadonlyMap<number, number>;

/** Where the next scores of the lane will lie. */
export async function scoresEnd(kafka: KafkaConnection): Promise<ScoreOffsets> {
  const admin = await kafka.admin();
  try {
    return new Map((await admin.offsets(inLane(kafka.settings.lane, fraudScore.topic))).map(({ partition, high }) => [partition, high]));
  } finally {
    await admin.close();
  }
}

/** Every score of the lane from these offsets on, in the order of each partition. */
export async function scoresFrom(kafka: KafkaConnection, from: ScoreOffsets = new Map()): Promise<FraudScore[]> {
  return (await readTopic(kafka, fraudScore)).filter(({ partition, offset }) => offset >= (from.get(partition) ?? 0)).map(({ event }) => event);
}

/** Waits until the system's scoring job has taken in every record, and has scored so many orders from these offsets on. */
export async function allScored(system: System, kafka: KafkaConnection, orders: number, from?: ScoreOffsets): Promise<void> {
  await until('the job to have taken in everything', async () => {
    const lags = await lagsOf(system);
    return lags.length > 0 && lags.every((lag) => lag === 0);
  }, 120_000);
  const begin = [...(from ?? [])].reduce((sum, [, offset]) => sum + offset, 0);
  // Counting first: reading a topic of large records again and again would take the job's own time.
  await until('every order to be scored', async () => (await countRecords(kafka, fraudScore.topic)) >= begin + orders && finalScores(await scoresFrom(kafka, from)).size >= orders, 60_000);
}

export type Verdict = Pick<FraudScore, 'orderId' | 'revision' | 'score' | 'decision' | 'rulesHit' | 'features'>;

/** What two jobs must agree on: the final score of every order, and how many events it rests on. When it was made is their own. */
export function verdicts(scores: readonly FraudScore[]): readonly Verdict[] {
  return [...finalScores(scores).values()]
    .map(({ orderId, revision, score, decision, rulesHit, features }) => ({ orderId, revision, score, decision, rulesHit, features }))
    .sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
}

async function lagsOf(system: System): Promise<number[]> {
  const text = await (await fetch(`${system.part('spark-fraud').url}/metrics`)).text();
  return [...text.matchAll(/^millrace_fraud_lag_records\{.*\} (\S+)$/gmu)].map(([, value]) => Number(value));
}
