import { describe, expect, it } from '@jest/globals';
import { metricWindow } from '@millrace/contracts';
import { InfrastructureError, type BatchContext, type ConsumerOptions, type ConsumerSignal, type EventConsumer } from '@millrace/kafka';
import { pino } from 'pino';
import { Lifecycle } from './lifecycle.js';
import { Metrics } from './metrics.js';
import { superviseConsumer } from './supervise-consumer.js';

/** The port, with the signals in the hands of the test: some of them no broker gives on demand. */
class SignalSource implements EventConsumer {
  options: ConsumerOptions | undefined;
  healthy = true;
  partitionLag = 5;
  startError: Error | null = null;
  stopped = false;
  emit: (signal: ConsumerSignal) => void = () => undefined;
  #asked: () => void = () => undefined;

  start(): Promise<void> {
    return this.startError === null ? Promise.resolve() : Promise.reject(this.startError);
  }
  stop(): Promise<void> {
    this.stopped = true;
    return Promise.resolve();
  }
  onSignal(listener: (signal: ConsumerSignal) => void): () => void {
    this.emit = listener;
    return () => undefined;
  }
  lag(): Promise<readonly { readonly topic: string; readonly partition: number; readonly lag: number }[]> {
    setImmediate(this.#asked);
    return Promise.resolve([{ topic: 't', partition: 0, lag: this.partitionLag }]);
  }
  isHealthy(): boolean {
    return this.healthy;
  }
  /** Resolves after the next look at the consumer. */
  looked(): Promise<void> {
    return new Promise((resolve) => { this.#asked = resolve; });
  }
}

function supervised(handle: () => Promise<void> = () => Promise.resolve()) {
  const source = new SignalSource();
  const lifecycle = new Lifecycle(pino({ level: 'silent' }));
  const metrics = new Metrics('x', 'live');
  const failures: string[] = [];
  lifecycle.onFailure((error) => failures.push(error.name));
  const clock = { ms: 0 };
  const kafka = { consumer: (options: ConsumerOptions) => { source.options = options; return source; } };
  const consumer = superviseConsumer(
    { kafka, lifecycle, logger: pino({ level: 'silent' }), metrics, pollMs: 1, now: () => clock.ms },
    { group: 'g', subscriptions: [{ contract: metricWindow, handle }] },
  );
  const context: BatchContext = { topic: 't', partition: 0, signal: new AbortController().signal, reject: () => undefined };
  const series = async (name: string): Promise<string[]> => (await metrics.render()).split('\n').filter((line) => line.startsWith(name));
  const batch = async (): Promise<void> => source.options?.subscriptions[0]?.handle([], context);
  return { source, lifecycle, failures, clock, consumer, batch, series };
}

const blocked: ConsumerSignal = { type: 'blocked', topic: 't', partition: 0, error: new InfrastructureError('redis is away'), attempt: 1 };
const assigned: ConsumerSignal = { type: 'assigned', partitions: [{ topic: 't', partition: 0 }] };

describe('superviseConsumer', () => {
  it('is ready once assigned, not while blocked, and again after a batch went through', async () => {
    const { source, lifecycle, consumer, batch, series } = supervised();
    expect(lifecycle.failures()).toEqual({ 'consumer g': 'no partitions assigned yet' });
    await consumer.start();
    source.emit(assigned);
    expect(lifecycle.failures()).toEqual({});
    source.emit(blocked);
    expect(lifecycle.failures()).toEqual({ 'consumer g': 't/0 is blocked: redis is away' });
    expect(await series('millrace_consumer_blocked')).toEqual([expect.stringMatching(/topic="t",partition="0".* 1$/)]);
    await batch();
    expect(lifecycle.failures()).toEqual({});
    expect(await series('millrace_consumer_blocked')).toEqual([expect.stringMatching(/ 0$/)]);
    await lifecycle.release();
    expect(source.stopped).toBe(true);
  });

  it('waits no longer for a blocked partition that was taken away, or that has nothing left', async () => {
    const { source, lifecycle, consumer } = supervised();
    source.emit(assigned);
    source.emit(blocked);
    source.emit({ type: 'assigned', partitions: [{ topic: 't', partition: 1 }] });
    expect(lifecycle.failures()).toEqual({});
    source.emit(blocked);
    source.partitionLag = 0;
    const looked = source.looked();
    await consumer.start();
    await looked;
    expect(lifecycle.failures()).toEqual({});
    await lifecycle.release();
  });

  it('ends the process when the consumer crashed or cannot start', async () => {
    const crashed = supervised();
    crashed.source.emit({ type: 'crashed', error: new TypeError('bug') });
    expect(crashed.failures).toEqual(['TypeError']);
    const unstarted = supervised();
    unstarted.source.startError = new InfrastructureError('no broker');
    await unstarted.consumer.start();
    expect(unstarted.failures).toEqual(['InfrastructureError']);
    await unstarted.lifecycle.release();
  });

  it('ends the process when the consumer stands still, with patience, and never because of an outage', async () => {
    const { source, lifecycle, failures, clock, consumer } = supervised();
    await consumer.start();
    source.emit(assigned);
    source.emit(blocked);
    source.healthy = false;
    clock.ms = 600_000;
    await source.looked();
    await source.looked();
    expect(failures).toEqual([]);
    source.emit({ type: 'assigned', partitions: [] });
    clock.ms += 20_000;
    await source.looked();
    await source.looked();
    expect(failures).toEqual([]);
    clock.ms += 20_000;
    await source.looked();
    await source.looked();
    expect(failures).toEqual(['ConsumerUnhealthyError']);
    await lifecycle.release();
  });

  it('counts what it hears and what it hands on', async () => {
    const { source, batch, series, lifecycle } = supervised();
    source.emit({ type: 'gap', topic: 't', partition: 0, from: 10, to: 50 });
    source.emit({ type: 'dead-letter', topic: 't', partition: 0, offset: 3, reason: 'undecodable', detail: 'no magic byte' });
    source.emit({ type: 'stalled', topic: 't', partition: 0, lag: 9, forMs: 60_000 });
    await batch();
    expect(await series('millrace_consumer_gap_records_total')).toEqual(['millrace_consumer_gap_records_total{group="g",topic="t",lane="live",service="x"} 40']);
    expect(await series('millrace_consumer_dead_letters_total')).toEqual([expect.stringContaining('reason="undecodable"')]);
    expect(await series('millrace_consumer_stalls_total')).toEqual([expect.stringMatching(/ 1$/)]);
    expect(await series('millrace_consumer_batches_total')).toEqual([expect.stringContaining('outcome="ok"')]);
    await lifecycle.release();
  });

  it('tells the lag', async () => {
    const { source, consumer } = supervised();
    source.partitionLag = 7;
    expect(await consumer.lag()).toEqual([{ topic: 't', partition: 0, lag: 7 }]);
  });

  it('hands on what a handler throws, and counts it', async () => {
    const error = new InfrastructureError('away');
    const { batch, series } = supervised(() => Promise.reject(error));
    await expect(batch()).rejects.toBe(error);
    expect(await series('millrace_consumer_batches_total')).toEqual([expect.stringContaining('outcome="failed"')]);
  });
});
