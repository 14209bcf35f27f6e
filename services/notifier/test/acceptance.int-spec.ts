import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { alertEvent, inLane } from '@millrace/contracts';
import { startService, type RunningService } from '@millrace/service-kit';
import { migrate } from '@millrace/stores';
import { createTestDatabase, testKafka, until, type TestDatabase, type TestKafka } from '@millrace/testing';
import { notifier } from '../src/notifier.definition.js';
import { readScenarios, type Scenario } from '../src/scenario/scenario-file.js';
import { differences, type Told } from '../src/scenario/scenario-run.js';
import { isDispatching } from './dispatching.js';
import { HttpReceiver, type WebhookBody } from './http-receiver.js';
import { playLive, slowed, toldOf, writeStage } from './live-scenario.js';

/** Those that take hours are played in virtual time only (scenario.spec.ts). */
const LONGEST_MS = 60_000;
/** Twelve notifiers start at a time. */
const START_MS = 120_000;
const TOLERANCE_MS = 150;
/** A machine that is busy does steps late: what a case then shows is another case. It is played again, slower. */
const LATE_MS = 80;
const FACTORS = [1, 4, 8];

const scenarios = readScenarios(fileURLToPath(new URL('alertmanager-acceptance.yaml', import.meta.url))).filter(({ until }) => until <= LONGEST_MS);

/** What somebody might get wrong: of each, every case that was told something must say so. */
const WRONG: Readonly<Record<string, (all: readonly Told[]) => readonly Told[]>> = {
  'loses the last notification': (all) => all.slice(0, -1),
  'tells the last one twice': (all) => [...all, ...all.slice(-1)],
  'is a minute late': (all) => all.map((one) => ({ ...one, at: one.at + 60_000 })),
  'loses an alert': (all) => all.map((one) => ({ ...one, alerts: one.alerts.slice(1) })),
  'has another start': (all) => all.map((one) => ({ ...one, alerts: one.alerts.map((alert) => ({ ...alert, starts: (alert.starts ?? 0) - 100_000 })) })),
  'takes what fires for resolved, and the other way round': (all) => all.map((one) => ({ ...one, alerts: one.alerts.map((alert) => ({ ...alert, ends: alert.ends === null ? 1 : null })) })),
};

/** A notifier of a scenario's own, on a lane of its own. */
class Trial {
  static async play(scenario: Scenario, database: TestDatabase): Promise<{ readonly told: readonly Told[]; readonly lateMs: number }> {
    const test = testKafka();
    const [http, folder] = [await HttpReceiver.start(), await mkdtemp(join(tmpdir(), 'acceptance-'))];
    const configFile = join(folder, 'alertmanager.yml');
    let service: RunningService | null = null;
    try {
      await topicOf(test);
      await writeStage(scenario.config, { configFile, hookUrl: http.url });
      service = await startService(notifier, {
        MILLRACE_LANE: test.lane, MILLRACE_KAFKA_BROKERS: test.settings.brokers.join(','), MILLRACE_REGISTRY_URL: test.settings.registryUrl, MILLRACE_POSTGRES_URL: database.url,
        MILLRACE_HTTP_PORT: '0', MILLRACE_NOTIFIER_CONFIG: configFile, MILLRACE_NOTIFIER_DELIVERING_LANES: test.lane, MILLRACE_LOG_LEVEL: 'fatal',
      });
      // The first alert is not to wait until somebody dispatches.
      const { url } = service;
      await until('it dispatches', () => isDispatching({ url }), START_MS);
      const { start, lateMs } = await playLive(scenario, { url, configFile, hookUrl: http.url });
      const told = http.posts.map(({ body }) => toldOf(JSON.parse(body) as WebhookBody & { timestamp: string }, start)).sort((left, right) => left.at - right.at);
      return { told, lateMs };
    } finally {
      await service?.stop();
      await http.stop();
      await test.clean();
      await rm(folder, { recursive: true });
    }
  }
}

async function topicOf(test: TestKafka): Promise<void> {
  const admin = await test.kafka.admin();
  await admin.createTopics([{ name: inLane(test.lane, alertEvent.topic), partitions: 1 }]);
  await admin.close();
}

describe("Alertmanager's acceptance cases against a running notifier, in real time", () => {
  let database: TestDatabase;
  const played = new Map<string, { readonly scenario: Scenario; readonly told: readonly Told[]; readonly lateMs: number; readonly factor: number }>();

  beforeAll(async () => {
    database = await createTestDatabase();
    await migrate(database.url);
    let left: readonly Scenario[] = scenarios;
    for (const factor of FACTORS) {
      const results = await Promise.all(left.map(async (original) => {
        const scenario = slowed(original, factor);
        return { original, result: { scenario, factor, ...(await Trial.play(scenario, database)) } };
      }));
      for (const { original, result } of results) played.set(original.name, result);
      left = results.filter(({ result }) => result.lateMs > LATE_MS * factor).map(({ original }) => original);
      if (left.length === 0) break;
    }
  }, 600_000);
  afterAll(async () => { await database.drop(); });

  const result = (name: string): NonNullable<ReturnType<typeof played.get>> => {
    const found = played.get(name);
    if (found === undefined) throw new Error(`${name} was not played`);
    return found;
  };

  it.each(scenarios.map(({ name }) => [name] as const))('%s', (name) => {
    const { scenario, told, lateMs, factor } = result(name);
    expect(lateMs).toBeLessThanOrEqual(LATE_MS * factor);
    expect(differences(scenario, told, TOLERANCE_MS + lateMs)).toEqual([]);
  });

  const mutants = scenarios.flatMap(({ name, expect: windows }) => {
    const expected = [...windows.values()].flat();
    if (expected.length === 0) return [];
    const saysStarts = expected.some(({ alerts }) => alerts.some(({ starts }) => starts !== null));
    return Object.keys(WRONG).filter((wrong) => saysStarts || wrong !== 'has another start').map((wrong) => [name, wrong] as const);
  });
  it.each(mutants)('%s: is red for one who %s', (name, wrong) => {
    const { scenario, told, lateMs } = result(name);
    expect(differences(scenario, WRONG[wrong]?.(told) ?? [], TOLERANCE_MS + lateMs)).not.toEqual([]);
  });
});
