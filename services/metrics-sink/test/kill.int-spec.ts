import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { metricKey } from '@millrace/contracts';
import { startService } from '@millrace/service-kit';
import type { MetricPoint } from '@millrace/stores';
import { shuffled, windowAt } from '@millrace/stores/testing';
import { metricsSink } from '../src/metrics-sink.definition.js';
import { WindowWriter } from '../src/window-writer.js';
import { SinkProcess } from './sink.process.js';
import { SinkRig, until } from './sink-rig.js';

jest.setTimeout(120_000);

/** Days, because the cache keeps enough of them for any number of windows that a test writes. */
const all = { metricKey: 'revenue{currency=EUR}', window: '1d', from: 0, to: Number.MAX_SAFE_INTEGER, limit: 1_000_000 };
const range = (from: number, to: number, revision = 1) => Array.from({ length: to - from }, (_, at) => windowAt(from + at, revision, { window: '1d' }));

type Point = Pick<MetricPoint, 'windowStart' | 'revision' | 'value'>;

const textOf = (points: readonly Point[]): string => JSON.stringify(points.map(({ windowStart, revision, value }) => [windowStart, revision, value]));

/** F1, F2: the stores that do not hold exactly these windows. */
function wrongStores(stored: Readonly<Record<'history' | 'cache', string>>, expected: readonly Point[]): string[] {
  return Object.entries(stored).filter(([, text]) => text !== textOf(expected)).map(([store]) => store);
}

describe('metrics-sink as a process', () => {
  let rig: SinkRig;
  const processes: SinkProcess[] = [];
  const start = (env: Record<string, string> = {}): SinkProcess => {
    const sink = SinkProcess.start({ ...rig.env, ...env });
    processes.push(sink);
    return sink;
  };

  beforeEach(async () => {
    rig = await SinkRig.open();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const sink of processes.splice(0)) {
      sink.signal('SIGTERM');
      await sink.ended;
    }
    await rig.close();
  });

  const stored = async (): Promise<Readonly<Record<'history' | 'cache', string>>> => {
    const [history, cache] = await Promise.all([rig.history.series(rig.lane, [all]), rig.cache.series(rig.lane, [all])]);
    return { history: textOf(history[0] ?? []), cache: textOf(cache[0] ?? []) };
  };
  const holds = (expected: readonly Point[]): Promise<unknown> => until(async () => wrongStores(await stored(), expected), (wrong) => wrong.length === 0);
  const counted = async (url: string, name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return text.split('\n').filter((line) => line.startsWith(name)).reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  };

  it('F1: killed between effect and commit, again and again: rows and Redis are exact, nothing is dead-lettered', async () => {
    await rig.publish(shuffled([...range(0, 40), ...range(0, 40, 2), ...range(0, 40, 3)], 7));
    for (let round = 0; round < 3; round += 1) {
      const sink = start({ MILLRACE_FAULT_AT: 'after-effect', MILLRACE_METRICS_SINK_MAX_BATCH: '10' });
      expect((await sink.ended).signal).toBe('SIGKILL');
    }
    const survivor = start();
    await holds(range(0, 40, 3));
    // The proof that it bit: the survivor met windows that its predecessors had already written.
    expect(await counted(await survivor.url(), 'millrace_metrics_sink_windows_total{store="postgres",outcome="stale"')).toBeGreaterThan(0);
    expect(await rig.deadLetters()).toBe(0);
  });

  it('F1: the check goes red for a sink that commits before its effect, and dies', async () => {
    jest.spyOn(WindowWriter.prototype, 'write').mockResolvedValueOnce();
    await rig.publish(range(0, 40));
    const early = await startService(metricsSink, { ...rig.env, MILLRACE_METRICS_SINK_MAX_BATCH: '10' });
    await until(() => rig.history.series(rig.lane, [all]), ([points]) => points?.at(-1)?.windowStart === windowAt(39, 1).windowStart);
    await early.stop();
    start();
    await rig.publish(range(40, 41));
    await until(() => rig.cache.series(rig.lane, [all]), ([points]) => points?.at(-1)?.windowStart === windowAt(40, 1).windowStart);
    expect(wrongStores(await stored(), range(0, 41))).toEqual(['history', 'cache']);
  });

  it('F2: SIGTERM under load: drains, exits 0, and its successor gets nothing twice', async () => {
    const first = start();
    const url = await first.url();
    let published = 0;
    const stop = new AbortController();
    const load = (async () => {
      while (!stop.signal.aborted) {
        await rig.publish(range(published, published + 20));
        published += 20;
      }
    })();
    await until(() => counted(url, 'millrace_metrics_sink_windows_total{store="postgres",outcome="applied"'), (count) => count > 100);
    first.signal('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, signal: null });
    stop.abort();
    await load;
    const second = start();
    await holds(range(0, published));
    expect(await counted(await second.url(), 'millrace_metrics_sink_windows_total{store="postgres",outcome="stale"')).toBe(0);
    expect(first.log).toContain('"msg":"drained"');
  });

  it('two of them share the work and lose nothing', async () => {
    const urls = await Promise.all([start().url(), start().url()]);
    const ready = (url: string): Promise<boolean> => fetch(`${url}/health/ready`).then(({ ok }) => ok);
    await until(() => Promise.all(urls.map(ready)), (answers) => answers.every(Boolean));
    const keys = Array.from({ length: 20 }, (_, at) => ({ country: `C${String(at)}`, currency: 'EUR' }));
    await rig.publish(keys.flatMap((dimensions) => range(0, 10).map((window) => windowAt(0, 1, { ...window, dimensions, metricKey: metricKey('revenue', dimensions) }))));
    const selections = keys.map((dimensions) => ({ ...all, metricKey: metricKey('revenue', dimensions) }));
    const complete = (lines: readonly (readonly unknown[])[]): boolean => lines.every((points) => points.length === 10);
    await until(() => rig.history.series(rig.lane, selections), complete);
    await until(() => rig.cache.series(rig.lane, selections), complete);
    const shares = await Promise.all(urls.map((url) => counted(url, 'millrace_metrics_sink_windows_total{store="postgres",outcome="applied"')));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(200);
    expect(Math.min(...shares)).toBeGreaterThan(0);
  });

  it('a second signal forces', async () => {
    const sink = start({ MILLRACE_REDIS_URL: 'redis://127.0.0.1:1/0' });
    await rig.publish(range(0, 1));
    const url = await sink.url();
    await until(async () => (await fetch(`${url}/health/ready`)).text(), (text) => text.includes('is blocked'));
    sink.signal('SIGTERM');
    await until(() => Promise.resolve(sink.log), (log) => log.includes('"msg":"draining"'));
    sink.signal('SIGTERM');
    expect((await sink.ended).code).toBe(1);
    expect(sink.log).toContain('forced to stop');
  });

  it('tells all configuration problems at once and exits 78', async () => {
    const sink = start({ MILLRACE_LANE: 'NO', MILLRACE_METRICS_SINK_MAX_BATCH: 'many', MILLRACE_POSTGRES_URL: 'secret place' });
    expect((await sink.ended).code).toBe(78);
    expect(sink.log).toMatch(/MILLRACE_LANE.*MILLRACE_POSTGRES_URL.*MILLRACE_METRICS_SINK_MAX_BATCH/);
    expect(sink.log).not.toContain('secret place');
  });
});
