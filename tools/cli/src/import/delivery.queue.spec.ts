import { describe, expect, it } from '@jest/globals';
import { DeliveryQueue } from './delivery.queue.js';
import { eventIdOf } from './event.identity.js';
import { IdSet, IN_THIS_RUN, PUBLISHED } from './id.set.js';
import { type Delivery, type DeliveryOptions } from './import.types.js';
import { parseMapping } from './mapping.loader.js';
import { type Draft } from './row.mapper.js';

const OPTIONS: DeliveryOptions = { speed: 'max', shiftToNow: false, shuffleMs: 0, seed: 1, duplicateRate: 0, limit: null };
const HOUR = 3_600_000;

function mappingWith(extra: string, occurrence = false): ReturnType<typeof parseMapping> {
  return parseMapping(
    `
mapping: clicks
title: clicks
timeZone: UTC
${extra}
inputs:
  - outputs:
      - name: view
        topic: shop.clickstream.v1
        type: PAGE_VIEW
        at: "{at}"
        id: ["{id}"]
        occurrence: ${String(occurrence)}
        fields: {visitorId: "{visitor}"}
`,
    'clicks.yaml',
  );
}

const draft = (id: string, at: number, visitor = 'v'): Draft => ({ output: 0, key: [id], at, event: { visitorId: visitor } });

async function order(queue: DeliveryQueue, drafts: readonly Draft[]): Promise<Delivery[]> {
  const out: Delivery[] = [];
  for (const item of drafts) {
    await queue.add(item);
    out.push(...queue.advance(item.at));
  }
  for await (const batch of queue.rest()) out.push(...batch);
  return out;
}

const many = Array.from({ length: 2000 }, (_, index) => draft(String(index), index * 1000));

describe('delivery', () => {
  it('is in the order of event time, whatever the order of the rows', async () => {
    const queue = new DeliveryQueue(mappingWith(''), OPTIONS, new IdSet());
    const out = await order(queue, many.toReversed());
    expect(out.map(({ at }) => at)).toEqual(many.map(({ at }) => at));
  });

  it('streams within a window, and counts what came later than that', async () => {
    const queue = new DeliveryQueue(mappingWith('sort: 1h'), OPTIONS, new IdSet());
    const out = await order(queue, [draft('a', 2 * HOUR), draft('b', 1.5 * HOUR), draft('c', 5 * HOUR), draft('d', 0)]);
    expect(out.map(({ at }) => at / HOUR)).toEqual([1.5, 2, 0, 5]);
    expect(queue.outOfOrder).toBe(1);
  });

  it('shuffled delays every event by less than the given time, alike for the same seed and else for another', async () => {
    const shuffled = async (seed: number) => order(new DeliveryQueue(mappingWith(''), { ...OPTIONS, shuffleMs: 60_000, seed }, new IdSet()), many);
    const out = await shuffled(7);
    expect(out.map(({ id }) => id)).not.toEqual((await order(new DeliveryQueue(mappingWith(''), OPTIONS, new IdSet()), many)).map(({ id }) => id));
    let latest = 0;
    for (const { at } of out) {
      latest = Math.max(latest, at);
      expect(latest - at).toBeLessThan(60_000);
    }
    expect((await shuffled(7)).map(({ id }) => id)).toEqual(out.map(({ id }) => id));
    expect((await shuffled(8)).map(({ id }) => id)).not.toEqual(out.map(({ id }) => id));
  });

  it('delivers the wanted share twice', async () => {
    const out = await order(new DeliveryQueue(mappingWith(''), { ...OPTIONS, duplicateRate: 0.1, shuffleMs: 5000 }, new IdSet()), many);
    const copies = out.filter(({ copy }) => copy);
    expect(copies.length).toBeGreaterThan(150);
    expect(copies.length).toBeLessThan(250);
    expect(new Set(out.map(({ id }) => id)).size).toBe(many.length);
  });

  it('leaves out a row that gives the same event again, and rejects one that gives another under the same id', async () => {
    const queue = new DeliveryQueue(mappingWith(''), OPTIONS, new IdSet());
    expect(await order(queue, [draft('a', 1), draft('a', 1)])).toHaveLength(1);
    expect(queue.duplicateRows).toBe(1);
    await expect(queue.add(draft('a', 1, 'somebody else'))).rejects.toThrow('another row has this id');
  });

  it('keeps alike rows where the mapping says that they count', async () => {
    const out = await order(new DeliveryQueue(mappingWith('', true), OPTIONS, new IdSet()), [draft('a', 1), draft('a', 1), draft('a', 1)]);
    expect(new Set(out.map(({ id }) => id)).size).toBe(3);
  });
});

describe('ids', () => {
  it('are version 5 UUIDs of mapping, topic, type and key', () => {
    const id = eventIdOf('m', 't', 'A', ['1', null]);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(eventIdOf('m', 't', 'A', ['1', null])).toBe(id);
    const others = [eventIdOf('n', 't', 'A', ['1', null]), eventIdOf('m', 't', 'B', ['1', null]), eventIdOf('m', 't', 'A', ['1', '']), eventIdOf('m', 't', 'A', ['1', null], 2)];
    expect(new Set([id, ...others]).size).toBe(5);
  });

  it('are remembered by the ten thousand, with their marks', () => {
    const ids = new IdSet();
    const some = Array.from({ length: 20_000 }, (_, index) => eventIdOf('m', 't', 'A', [String(index)]));
    for (const [index, id] of some.entries()) ids.mark(id, index % 2 === 0 ? PUBLISHED : IN_THIS_RUN);
    expect(ids.size).toBe(some.length);
    expect(some.every((id, index) => ids.marksOf(id) === (index % 2 === 0 ? PUBLISHED : IN_THIS_RUN))).toBe(true);
    expect(ids.mark(some[0]!, IN_THIS_RUN)).toBe(PUBLISHED);
    expect(ids.marksOf(some[0]!)).toBe(PUBLISHED | IN_THIS_RUN);
    expect(ids.marksOf(eventIdOf('m', 't', 'A', ['unknown']))).toBe(0);
    expect(ids.mark('no uuid', PUBLISHED)).toBe(0);
  });
});
