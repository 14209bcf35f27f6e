import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import avro from 'avsc';
import { inLane } from '@millrace/contracts';
import type { StoredRecord } from '@millrace/kafka';
import { readConfig, startService, type RunningService } from '@millrace/service-kit';
import { ServiceProcess, testKafka, until, type TestKafka } from '@millrace/testing';
import type { LedgerReport } from '../src/ledger.js';
import { simulatorSettings, worldSettingsOf } from '../src/simulator.config.js';
import { SimulatorModule } from '../src/simulator.module.js';
import { SimulatorService } from '../src/simulator.service.js';
import { STREAM_NAMES, STREAMS, type StreamName } from '../src/world/world-event.js';
import { World } from '../src/world/world.js';

jest.setTimeout(120_000);

const HEADER_BYTES = 5;
const FAULTS = {
  MILLRACE_SIMULATOR_FAULT_DUPLICATE: '0.02',
  MILLRACE_SIMULATOR_FAULT_OUT_OF_ORDER: '0.05',
  MILLRACE_SIMULATOR_FAULT_LATE: '0.01',
  MILLRACE_SIMULATOR_FAULT_CORRUPT: '0.02',
};

const typeOf = (stream: StreamName): avro.Type => avro.Type.forSchema(JSON.parse(STREAMS[stream].schema) as avro.Schema);
/** Registries count their schemas from 1; no test registry gets this far. */
const HIGHEST_SCHEMA_ID = 1_000_000;

/** A topic as it lies in Kafka. */
interface Lying {
  readonly records: readonly StoredRecord[];
  /** Avro bodies by event id. */
  readonly bodies: Map<string, Buffer[]>;
  readonly undecodable: number;
}

describe('the simulator on Kafka', () => {
  let test: TestKafka;
  let service: RunningService | undefined;
  let folder: string;

  beforeEach(async () => {
    test = testKafka();
    folder = await mkdtemp(join(tmpdir(), 'simulator-'));
  });
  afterEach(async () => {
    await service?.stop();
    service = undefined;
    await test.clean();
    await rm(folder, { recursive: true });
  });

  const environment = (extra: Readonly<Record<string, string>>): Record<string, string> => ({
    MILLRACE_LANE: test.lane,
    MILLRACE_KAFKA_BROKERS: test.settings.brokers.join(','),
    MILLRACE_REGISTRY_URL: test.settings.registryUrl,
    MILLRACE_HTTP_PORT: '0',
    MILLRACE_LOG_LEVEL: 'fatal',
    MILLRACE_SIMULATOR_SEED: 'integration',
    MILLRACE_SIMULATOR_PRODUCTS: '300',
    ...extra,
  });

  async function start(env: Readonly<Record<string, string>>): Promise<SimulatorService> {
    service = await startService({ name: 'simulator', settings: simulatorSettings, module: SimulatorModule }, env);
    return service.app.get(SimulatorService);
  }

  async function topics(): Promise<string[]> {
    const admin = await test.kafka.admin();
    try {
      return await admin.listTopics();
    } finally {
      await admin.close();
    }
  }

  async function read(stream: StreamName): Promise<Lying> {
    const type = typeOf(stream);
    const topic = inLane(test.lane, STREAMS[stream].topic);
    // A topic is made by its first record: in a short run nobody may have rated anything.
    const records = (await topics()).includes(topic) ? await test.kafka.readTopic(topic) : [];
    const bodies = new Map<string, Buffer[]>();
    let undecodable = 0;
    for (const { value } of records) {
      if (value === null || value.length < HEADER_BYTES || value[0] !== 0 || value.readInt32BE(1) > HIGHEST_SCHEMA_ID) {
        undecodable += 1;
        continue;
      }
      const body = value.subarray(HEADER_BYTES);
      const { eventId } = type.fromBuffer(body) as { eventId: string };
      bodies.set(eventId, [...(bodies.get(eventId) ?? []), body]);
    }
    return { records, bodies, undecodable };
  }

  /** The bytes that the pure world gives for each event, by stream. */
  function expectedBodies(env: Readonly<Record<string, string>>, goOn: (count: number, occurredAt: number) => boolean): Map<StreamName, Map<string, string>> {
    const world = new World(worldSettingsOf(readConfig(simulatorSettings, env), NaN));
    const expected = new Map(STREAM_NAMES.map((stream) => [stream, new Map<string, string>()]));
    const types = new Map(STREAM_NAMES.map((stream) => [stream, typeOf(stream)]));
    let next = world.next();
    for (let count = 1; goOn(count, next.event.occurredAt); count += 1, next = world.next()) {
      expected.get(next.stream)?.set(next.event.eventId, types.get(next.stream)?.toBuffer(next.event).toString('hex') ?? '');
    }
    return expected;
  }

  async function expectTopicsToHold(ledger: LedgerReport, expected: Map<StreamName, Map<string, string>>): Promise<void> {
    for (const stream of STREAM_NAMES) {
      const { records, bodies, undecodable } = await read(stream);
      const counts = ledger.totals[stream];
      expect({ stream, records: records.length, distinct: bodies.size, undecodable }).toEqual({ stream, records: counts.produced, distinct: counts.distinct, undecodable: counts.corrupt });
      expect(counts.acknowledged).toBe(counts.produced);
      const written = Object.fromEntries([...bodies].map(([id, all]) => [id, all[0]?.toString('hex') ?? '']));
      expect(written).toEqual(Object.fromEntries(expected.get(stream) ?? []));
      const copies = [...bodies.values()].filter((all) => all.length > 1);
      expect(copies.length).toBe(counts.duplicate);
      for (const [body, copy] of copies) expect(copy).toEqual(body);
    }
  }

  it('writes exactly the world and exactly the faults that its ledger says', async () => {
    const env = environment({ ...FAULTS, MILLRACE_SIMULATOR_FROM: '2026-01-05T10:00:00Z', MILLRACE_SIMULATOR_COUNT: '6000', MILLRACE_SIMULATOR_CLICKSTREAM_RATE: '20', MILLRACE_SIMULATOR_LIFECYCLE_SPEED: '50000', MILLRACE_SIMULATOR_LATENESS_MS: '5000' });
    const simulator = await start(env);
    await simulator.finished;
    const ledger = simulator.ledger.report();
    expect(simulator.ledger.total('distinct')).toBe(6000);
    for (const fault of ['duplicate', 'outOfOrder', 'late', 'corrupt'] as const) expect(simulator.ledger.total(fault)).toBeGreaterThan(10);
    expect(ledger.totals.feedback.produced).toBeGreaterThan(0);
    await expectTopicsToHold(ledger, expectedBodies(env, (count) => count <= 6000));

    const served: unknown = await (await fetch(`${service?.url ?? ''}/ledger`)).json();
    expect(served).toEqual(ledger);
    const metrics = await (await fetch(`${service?.url ?? ''}/metrics`)).text();
    const counter = `millrace_simulator_records_total{topic="${inLane(test.lane, 'shop.clickstream.v1')}",fault="corrupt"`;
    const line = metrics.split('\n').find((text) => text.startsWith(counter));
    expect(line?.split(' ').at(-1)).toBe(String(ledger.totals.clickstream.corrupt));
  });

  it('backfills a stretch at a factor and stops at its end', async () => {
    const end = Date.parse('2026-01-05T10:01:00Z');
    const env = environment({
      MILLRACE_SIMULATOR_FROM: '2026-01-05T10:00:00Z',
      MILLRACE_SIMULATOR_UNTIL: new Date(end).toISOString(),
      MILLRACE_SIMULATOR_SPEED: '120',
      MILLRACE_SIMULATOR_STOP: 'true',
    });
    const simulator = await start(env);
    await simulator.finished;
    await expectTopicsToHold(simulator.ledger.report(), expectedBodies(env, (_, occurredAt) => occurredAt <= end));
  });

  it('goes live after a backfill, and takes new rates on the way', async () => {
    const from = Date.now() - 60_000;
    const simulator = await start(environment({ MILLRACE_SIMULATOR_FROM: new Date(from).toISOString(), MILLRACE_SIMULATOR_CLICKSTREAM_RATE: '20', MILLRACE_SIMULATOR_ORDERS_RATE: '2' }));
    const began = Date.now();
    await until('events of after the start', () => simulator.ledger.report(began - 60_000).minutes.some((row) => Date.parse(row.minute) >= from && row.acknowledged > 0));
    const url = `${service?.url ?? ''}/rate`;
    const post = (body: unknown): Promise<Response> => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    for (const wrong of [{}, { orders: -1 }, { clickstream: 1e9 }, { orders: 'many' }, { sales: 4 }]) expect((await post(wrong)).status).toBe(400);
    const answer = await post({ clickstream: 2000 });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ clickstream: 2000, orders: 2 });
    const before = simulator.ledger.total('acknowledged');
    await until('the higher rate', () => simulator.ledger.total('acknowledged') > before + 2000);
    const { records } = await read('clickstream');
    const type = typeOf('clickstream');
    const whole = records.flatMap(({ value }) => (value?.[0] === 0 && value.length > 24 ? [type.fromBuffer(value.subarray(HEADER_BYTES)) as { occurredAt: number }] : []));
    const newest = whole.reduce((latest, event) => Math.max(latest, event.occurredAt), 0);
    expect(newest).toBeGreaterThan(began);
    expect(newest).toBeLessThanOrEqual(Date.now());
  });

  it('drains on SIGTERM: what was produced is in Kafka, and the ledger is on disk', async () => {
    const file = join(folder, 'ledger.json');
    const running = await ServiceProcess.start('simulator', environment({ ...FAULTS, MILLRACE_LOG_LEVEL: 'info', MILLRACE_SIMULATOR_CLICKSTREAM_RATE: '1900', MILLRACE_SIMULATOR_ORDERS_RATE: '100', MILLRACE_SIMULATOR_LEDGER: file }));
    await until('a thousand events', async () => {
      const ledger = (await (await fetch(`${running.url}/ledger`)).json()) as LedgerReport;
      return ledger.totals.clickstream.acknowledged > 1000;
    });
    expect(await running.end('SIGTERM')).toBe(0);
    const ledger = JSON.parse(await readFile(file, 'utf8')) as LedgerReport;
    for (const stream of STREAM_NAMES) {
      const { records, bodies } = await read(stream);
      expect({ stream, records: records.length, distinct: bodies.size, acknowledged: records.length }).toEqual({
        stream,
        records: ledger.totals[stream].produced,
        distinct: ledger.totals[stream].distinct,
        acknowledged: ledger.totals[stream].acknowledged,
      });
    }
  });
});
