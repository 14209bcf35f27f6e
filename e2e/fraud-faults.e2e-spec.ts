import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { fraudScore, orderEvent } from '@millrace/contracts';
import { createKafka, type KafkaConnection } from '@millrace/kafka';
import { until } from '@millrace/testing';
import { allScored, scoresEnd, scoresFrom, verdicts } from './support/fraud-scores.js';
import { OwnStack } from './support/own-stack.js';
import { System } from './support/system.js';
import { countRecords, firstOfEachId, readTopic } from './support/topics.js';

jest.setTimeout(300_000);

/** A live shop that goes on until it is stopped: what the simulator cannot send while the broker is away, it sends afterwards. */
const SHOP = {
  MILLRACE_SIMULATOR_SEED: 'faults', MILLRACE_SIMULATOR_CLICKSTREAM_RATE: '150', MILLRACE_SIMULATOR_ORDERS_RATE: '50',
  MILLRACE_SIMULATOR_FRAUD_PREVALENCE: '0.1', MILLRACE_SIMULATOR_FRAUD_DIFFICULTY: '0.3', MILLRACE_SIMULATOR_FAULT_LATE: '0',
};
const JOB = { MILLRACE_FRAUD_BATCH: '5s' };
const SCORES_BEFORE = 300;

describe('fraud scores of a shop that goes on while parts of the stack are killed', () => {
  let stack: OwnStack;
  let system: System;
  let kafka: KafkaConnection;

  beforeAll(async () => {
    stack = await OwnStack.start();
    system = await System.create(stack.env);
    kafka = createKafka({ brokers: [stack.env.MILLRACE_KAFKA_BROKERS], registryUrl: stack.env.MILLRACE_REGISTRY_URL, lane: system.lane, clientId: 'e2e' });
    await system.start('spark-fraud', JOB);
    await system.start('fraud-desk');
    await system.start('simulator', SHOP);
    await until('some scores', () => moreScores(0), 120_000);
  }, 900_000);

  afterAll(async () => {
    await system.stop();
    await stack.stop();
  }, 120_000);

  const scored = (): Promise<number> => countRecords(kafka, fraudScore.topic);
  const moreScores = async (than: number): Promise<boolean> => (await scored()) > than + SCORES_BEFORE;

  it('F30: scoring does not miss Redis', async () => {
    const before = await scored();
    await stack.kill('redis');
    await until('further scores', () => moreScores(before), 60_000);
    expect(system.part('spark-fraud').running).toBe(true);
  });

  it('F28: the driver is killed, and its successor goes on', async () => {
    await system.part('spark-fraud').end('SIGKILL');
    const before = await scored();
    await system.start('spark-fraud', JOB);
    await until('further scores', () => moreScores(before), 120_000);
  });

  it('F4: the broker is killed and comes back, and scoring goes on', async () => {
    const before = await scored();
    await stack.kill('kafka');
    // What ends by itself is started again, as its supervisor would.
    await until('further scores', async () => {
      if (!system.part('spark-fraud').running) await system.start('spark-fraud', JOB);
      return moreScores(before);
    }, 180_000);
  });

  it('F4, F28, F30: afterwards every order has one final score, and a job that nobody disturbs gives it the same', async () => {
    expect(await system.part('simulator').end()).toBe(0);
    const placed = firstOfEachId(await readTopic(kafka, orderEvent)).filter(({ eventType }) => eventType === 'PLACED').map(({ orderId }) => orderId);
    await allScored(system, kafka, placed.length);
    expect(await system.part('spark-fraud').end()).toBe(0);
    const disturbed = verdicts(await scoresFrom(kafka));
    expect(disturbed.map(({ orderId }) => orderId)).toEqual(placed.sort());

    const end = await scoresEnd(kafka);
    await system.start('spark-fraud', { ...JOB, MILLRACE_HOME: join(system.home, 'undisturbed') });
    await allScored(system, kafka, placed.length, end);
    await until('the same scores', async () => isDeepStrictEqual(verdicts(await scoresFrom(kafka, end)), disturbed), 20_000).catch(() => null);
    expect(verdicts(await scoresFrom(kafka, end))).toEqual(disturbed);
  }, 600_000);
});
