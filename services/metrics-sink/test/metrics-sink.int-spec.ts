import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { metricWindow } from '@millrace/contracts';
import { startService, type RunningService } from '@millrace/service-kit';
import { MINUTE, shuffled, START, windowAt } from '@millrace/stores/testing';
import { metricsSink } from '../src/metrics-sink.definition.js';
import { SinkRig, until } from './sink-rig.js';

jest.setTimeout(60_000);

const all = { metricKey: 'revenue{currency=EUR}', window: '1m', from: 0, to: Number.MAX_SAFE_INTEGER };

describe('metrics-sink', () => {
  let rig: SinkRig;
  const services: RunningService[] = [];
  const start = async (env: Record<string, string> = {}): Promise<RunningService> => {
    const service = await startService(metricsSink, { ...rig.env, ...env });
    services.push(service);
    return service;
  };
  const readiness = async (service: RunningService): Promise<{ status: number; failures: Record<string, string> }> => {
    const response = await fetch(`${service.url}/health/ready`);
    const { failures } = (await response.json()) as { failures: Record<string, string> };
    return { status: response.status, failures };
  };
  const scrape = async (service: RunningService, name: string): Promise<string[]> =>
    (await (await fetch(`${service.url}/metrics`)).text()).split('\n').filter((line) => line.startsWith(name));

  beforeEach(async () => {
    rig = await SinkRig.open();
  });
  afterEach(async () => {
    for (const service of services.splice(0)) await service.stop();
    await rig.close();
  });

  it('brings shuffled revisions to both stores and to Prometheus, the highest of each', async () => {
    const windows = Array.from({ length: 50 }, (_, index) => [1, 2, 3, 4].map((revision) => windowAt(index, revision, { final: revision === 4 }))).flat();
    const service = await start();
    await rig.publish(shuffled(windows, 20_261_120));
    const expected = Array.from({ length: 50 }, (_, index) => [START + index * MINUTE, 4, index * 1_000 + 4]);
    const shape = (points: readonly { windowStart: number; revision: number; value: number }[]): number[][] => points.map(({ windowStart, revision, value }) => [windowStart, revision, value]);
    const stored = async (): Promise<number[][][]> => [
      shape((await rig.history.series(rig.lane, [all]))[0] ?? []),
      shape((await rig.cache.series(rig.lane, [all]))[0] ?? []),
    ];
    expect(await until(stored, (lines) => JSON.stringify(lines) === JSON.stringify([expected, expected]))).toEqual([expected, expected]);
    const values = await until(() => scrape(service, 'millrace_metric_final_value{'), (lines) => lines.some((line) => line.endsWith(' 49004')));
    expect(values).toEqual([expect.stringContaining('by="currency"')]);
    expect(await readiness(service)).toEqual({ status: 200, failures: {} });
    expect(await rig.deadLetters()).toBe(0);
  });

  it('sets aside a window that cannot be right, and stores the rest of its batch', async () => {
    await rig.publish([windowAt(0, 1), windowAt(1, 1, { value: Number.NaN }), windowAt(2, 1)]);
    await rig.publisher.publishAll(metricWindow, [windowAt(3, 1, { lane: 'another' })]);
    const service = await start();
    await until(() => rig.history.series(rig.lane, [all]), ([points]) => points?.length === 2);
    await until(() => rig.deadLetters(), (count) => count === 2);
    expect(await scrape(service, 'millrace_consumer_dead_letters_total')).toEqual([expect.stringMatching(/group="metrics-sink".*reason="invalid".* 2$/)]);
    expect(await readiness(service)).toEqual({ status: 200, failures: {} });
    expect((await rig.cache.series(rig.lane, [all]))[0]?.map(({ value }) => value)).toEqual([1, 2_001]);
  });

  it('shows what was there before it started, and refills a cache that was lost', async () => {
    const first = await start();
    await rig.publish([windowAt(0, 7, { value: 70 }), windowAt(1, 1)]);
    await until(() => rig.history.series(rig.lane, [all]), ([points]) => points?.length === 2);
    await first.stop();
    services.splice(0);
    await rig.cache.removeLane(rig.lane);
    const second = await start();
    await until(() => rig.cache.series(rig.lane, [all]), ([points]) => points?.length === 2);
    expect(await until(() => scrape(second, 'millrace_metric_value{'), (lines) => lines.length > 0)).toEqual([expect.stringMatching(/ 1001$/)]);
  });
});
