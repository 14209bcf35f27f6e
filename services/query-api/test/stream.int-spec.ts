import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { until, within } from '@millrace/testing';
import type { SnapshotDto, UpdateDto } from '../src/wire.dto.js';
import { EventReader, QueryApiRig } from './query-api-rig.js';

jest.setTimeout(60_000);

const MINUTE = 60_000;
const thisMinute = Math.floor(Date.now() / MINUTE) * MINUTE;

describe('the stream', () => {
  let rig: QueryApiRig;
  const readers: EventReader[] = [];
  const read = async (lastEventId?: string): Promise<EventReader> => {
    const reader = await EventReader.open(rig, lastEventId);
    readers.push(reader);
    return reader;
  };
  /** The first update that has what is looked for. */
  const update = async (reader: EventReader, wanted: (data: UpdateDto) => boolean): Promise<{ id: string; data: UpdateDto }> => {
    for (;;) {
      const message = await within('an update', reader.next());
      if (message === null) throw new Error('the stream ended');
      const data = message.data as UpdateDto;
      if (message.type === 'update' && wanted(data)) return { id: message.id, data };
    }
  };
  const has = (value: number) => (data: UpdateDto): boolean => data.windows.some((window) => window.value === value);

  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.close();
    await rig.close();
  });

  describe('for one who keeps up', () => {
    beforeEach(async () => {
      rig = await QueryApiRig.open();
    });

    it('begins with everything, then tells what changes', async () => {
      await rig.write({ windowStart: thisMinute, value: 5 });
      await until('the feed has it', async () => (await rig.json<{ metrics: { metric: string; asOf: string | null }[] }>('/api/freshness')).metrics.some(({ metric, asOf }) => metric === 'orders' && asOf !== null));
      const reader = await read();
      const first = await within('a snapshot', reader.next());
      expect(first?.type).toBe('snapshot');
      const snapshot = first?.data as SnapshotDto;
      expect(snapshot).toMatchObject({ lane: rig.lane, shopTimeZone: 'UTC', windows: [{ metricKey: 'orders{}', value: 5 }] });
      await rig.write({ windowStart: thisMinute, value: 6, revision: 2 });
      const { data } = await update(reader, has(6));
      expect(data.freshness?.find(({ metric }) => metric === 'orders')).toMatchObject({ stale: false });
    });

    it('tells alerts as they come, and what their products are called', async () => {
      await rig.names.write(rig.lane, [{ productId: 'p9', name: 'Spade', namedAt: thisMinute }]);
      const reader = await read();
      await rig.pool.execute(
        `insert into alerts (lane, fingerprint, rule, severity, status, labels, annotations, first_starts_at, starts_at, evidence) values ($1, 'f', 'r', 'critical', 'FIRING', '{"product": "p9"}', '{}', now(), now(), '[]')`,
        [rig.lane],
      );
      const { data } = await update(reader, ({ alerts }) => alerts !== undefined);
      expect(data.alerts).toMatchObject([{ fingerprint: 'f', status: 'firing' }]);
      expect(data.products ?? (await update(reader, ({ products }) => products !== undefined)).data.products).toEqual([{ id: 'p9', name: 'Spade' }]);
    });

    it('tells what the products in the rankings are called, and a new name', async () => {
      const top = (...keys: string[]) => ({ metricKey: 'top_products{}', metric: 'top_products', window: '10m', windowStart: thisMinute - 9 * MINUTE, items: keys.map((key) => ({ key, value: 1 })) });
      await rig.names.write(rig.lane, [{ productId: 'p1', name: 'Hose', namedAt: thisMinute }, { productId: 'p2', name: 'Rake', namedAt: thisMinute }]);
      await rig.names.write('another', [{ productId: 'p3', name: 'of another lane', namedAt: thisMinute }]);
      await rig.write(top('p1', 'p3'));
      const first = await read();
      const known = await within('a snapshot', first.next());
      if ((known?.data as SnapshotDto).products.length === 0) await update(first, ({ products }) => products !== undefined);
      await rig.write({ ...top('p1', 'p2', 'p3'), revision: 2 });
      // An update of before may still be on its way.
      expect((await update(first, ({ products }) => products?.length === 2)).data.products).toEqual([{ id: 'p1', name: 'Hose' }, { id: 'p2', name: 'Rake' }]);
      await rig.names.write(rig.lane, [{ productId: 'p1', name: 'Hose, 20 m', namedAt: thisMinute + 1 }]);
      const { data } = await update(first, ({ products }) => products?.some(({ name }) => name === 'Hose, 20 m') === true);
      expect(data.products).toEqual([{ id: 'p1', name: 'Hose, 20 m' }, { id: 'p2', name: 'Rake' }]);
      const again = await within('a snapshot', (await read()).next());
      expect((again?.data as SnapshotDto).products).toEqual(data.products);
    });

    it('goes on where a reader was, without a second snapshot; with an id it does not know it begins anew', async () => {
      const first = await read();
      await within('a snapshot', first.next());
      await rig.write({ windowStart: thisMinute, value: 1 });
      const { id } = await update(first, has(1));
      first.close();
      await rig.write({ windowStart: thisMinute, value: 2, revision: 2 });
      const witness = await read(id);
      const missed = await update(witness, has(2));
      const again = await read(id);
      expect(await within('what was missed', again.next())).toMatchObject({ type: 'update', id: missed.id });
      expect(await within('a snapshot', (await read('another-1')).next())).toMatchObject({ type: 'snapshot' });
    });

    it('ends its streams when it is told to stop', async () => {
      const reader = await read();
      await within('a snapshot', reader.next());
      const ended = (async () => {
        for (;;) if ((await reader.next()) === null) return true;
      })();
      await rig.service.stop();
      expect(await within('the end of the stream', ended)).toBe(true);
    });
  });

  it('drops a reader that reads nothing, counts it, and holds up nobody', async () => {
    rig = await QueryApiRig.open({ MILLRACE_QUERY_API_STREAM_BUFFER_BYTES: '65536' });
    const silent = await rig.silentReader('/api/stream');
    const closed = new Promise<void>((resolve) => silent.once('close', () => { resolve(); }));
    silent.on('error', () => undefined);
    const quick = await read();
    await until('both read', async () => (await rig.counted('millrace_query_api_stream_readers')) === 2);
    const countries = Array.from({ length: 400 }, (_, at) => `${'x'.repeat(200)}${String(at)}`);
    let revision = 0;
    const flood = async (): Promise<boolean> => {
      revision += 1;
      await rig.cache.write(rig.lane, countries.map((country) => rig.window({ metricKey: `orders{country=${country}}`, dimensions: { country }, windowStart: thisMinute, value: revision, revision })));
      await update(quick, has(revision));
      return (await rig.counted('millrace_query_api_stream_dropped_total')) === 1;
    };
    await until('the silent reader is dropped', flood);
    expect(await rig.counted('millrace_query_api_stream_readers')).toBe(1);
    silent.resume();
    await within('its connection is closed', closed);
    await rig.write({ windowStart: thisMinute, value: 4_711 });
    await update(quick, has(4_711));
  });

  it('takes no more readers than it may', async () => {
    rig = await QueryApiRig.open({ MILLRACE_QUERY_API_STREAM_CLIENTS: '1' });
    const reader = await read();
    await within('a snapshot', reader.next());
    expect((await rig.get('/api/stream')).status).toBe(503);
    reader.close();
    await until('there is room again', async () => (await rig.counted('millrace_query_api_stream_readers')) === 0);
    expect(await within('a snapshot', (await read()).next())).toMatchObject({ type: 'snapshot' });
  });
});
