import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { alertEvent, inLane } from '@millrace/contracts';
import { startService, type RunningService } from '@millrace/service-kit';
import { migrate } from '@millrace/stores';
import { createTestDatabase, testKafka, type TestDatabase, type TestKafka } from '@millrace/testing';
import { notifier } from '../src/notifier.definition.js';
import { readScenarios, type Scenario } from '../src/scenario/scenario-file.js';
import { differences, type Told } from '../src/scenario/scenario-run.js';
import { HttpReceiver, type WebhookBody } from './http-receiver.js';
import { playLive, toldOf, writeStage } from './live-scenario.js';

/** Those that take hours are played in virtual time only (scenario.spec.ts). */
const LONGEST_MS = 60_000;
const TOLERANCE_MS = 150;
/** A machine that is busy does steps late: what a case then shows is another case. */
const LATE_MS = 200;
const TRIALS = 6;

const scenarios = readScenarios(fileURLToPath(new URL('alertmanager-acceptance.yaml', import.meta.url))).filter(({ until }) => until <= LONGEST_MS);

/** What somebody might get wrong: of each, every case that was told something must say so. */
const WRONG: Readonly<Record<string, (all: readonly Told[]) => readonly Told[]>> = {
  'loses the last notification': (all) => all.slice(0, -1),
  'tells the last one twice': (all) => [...all, ...all.slice(-1)],
  'is ten seconds late': (all) => all.map((one) => ({ ...one, at: one.at + 10_000 })),
  'loses an alert': (all) => all.map((one) => ({ ...one, alerts: one.alerts.slice(1) })),
  'has another start': (all) => all.map((one) => ({ ...one, alerts: one.alerts.map((alert) => ({ ...alert, starts: (alert.starts ?? 0) - 10_000 })) })),
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
      await fetchUntilDispatching(service);
      const { start, lateMs } = await playLive(scenario, { url: service.url, configFile, hookUrl: http.url });
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

async function fetchUntilDispatching(service: RunningService): Promise<void> {
  while (!/millrace_notifier_dispatching\{[^}]*\} 1$/m.test(await (await fetch(`${service.url}/metrics`)).text())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("Alertmanager's acceptance cases against a running notifier, in real time", () => {
  let database: TestDatabase;
  const played = new Map<string, { readonly told: readonly Told[]; readonly lateMs: number }>();

  beforeAll(async () => {
    database = await createTestDatabase();
    await migrate(database.url);
    let left: readonly Scenario[] = scenarios;
    for (let trial = 0; trial < TRIALS && left.length > 0; trial += 1) {
      const results = await Promise.all(left.map(async (scenario) => ({ scenario, result: await Trial.play(scenario, database) })));
      for (const { scenario, result } of results) played.set(scenario.name, result);
      left = results.filter(({ result }) => result.lateMs > LATE_MS).map(({ scenario }) => scenario);
    }
  }, 600_000);
  afterAll(async () => { await database.drop(); });

  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (name, scenario) => {
    const { told, lateMs } = played.get(name) ?? { told: [], lateMs: Infinity };
    expect(lateMs).toBeLessThanOrEqual(LATE_MS);
    expect(differences(scenario, told, TOLERANCE_MS + lateMs)).toEqual([]);
  });

  const mutants = scenarios.flatMap((scenario) => {
    const expected = [...scenario.expect.values()].flat();
    if (expected.length === 0) return [];
    const saysStarts = expected.some(({ alerts }) => alerts.some(({ starts }) => starts !== null));
    return Object.keys(WRONG).filter((wrong) => saysStarts || wrong !== 'has another start').map((wrong) => [scenario.name, wrong, scenario] as const);
  });
  it.each(mutants)('%s: is red for one who %s', (name, wrong, scenario) => {
    const { told, lateMs } = played.get(name) ?? { told: [], lateMs: 0 };
    expect(differences(scenario, WRONG[wrong]?.(told) ?? [], TOLERANCE_MS + lateMs)).not.toEqual([]);
  });
});
