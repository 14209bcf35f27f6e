import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { deadLetterTopic, inventoryEvent, type InventoryEvent } from '@millrace/contracts';
import { startService, type RunningService } from '@millrace/service-kit';
import { PostgresProductNames } from '@millrace/stores';
import { makeInventory } from '@millrace/testing';
import { metricsSink } from '../src/metrics-sink.definition.js';
import { SinkRig, until } from './sink-rig.js';

jest.setTimeout(60_000);

describe('product names', () => {
  let rig: SinkRig;
  let service: RunningService;
  const now = Date.now();

  beforeEach(async () => {
    rig = await SinkRig.open();
    service = await startService(metricsSink, rig.env);
  });
  afterEach(async () => {
    await service.stop();
    await rig.close();
  });

  const publish = (...events: readonly Partial<InventoryEvent>[]): Promise<void> => rig.publisher.publishAll(inventoryEvent, events.map((given) => makeInventory(given)));
  const named = (productId: string, name: string | null, ago = 0): Partial<InventoryEvent> => ({ eventType: 'PRODUCT_CHANGED', productId, name, occurredAt: now - ago });
  const names = async (...ids: string[]): Promise<Record<string, string>> => Object.fromEntries(await new PostgresProductNames(rig.postgres).find(rig.lane, ids));
  /** Waits until the service has handled so many stock events since it started. */
  const handled = (count: number): Promise<unknown> =>
    until(async () => {
      const lines = (await (await fetch(`${service.url}/metrics`)).text()).split('\n');
      return Number(lines.find((line) => /^millrace_consumer_records_total\{.*topic="[^"]*shop\.inventory\.v1"/.test(line))?.split(' ').at(-1) ?? 0);
    }, (seen) => seen === count);

  it('follow the catalogue: the change that happened last wins, a stock event takes no name away', async () => {
    await publish(named('p1', 'Hose', 2_000), named('p2', 'Rake', 1_000), named('p3', ' ', 500));
    await handled(3);
    expect(await names('p1', 'p2', 'p3')).toEqual({ p1: 'Hose', p2: 'Rake' });
    await publish(named('p1', 'Hose, 20 m', 1_000), { productId: 'p1', name: null, occurredAt: now }, named('p2', 'Rake of last year', 9_000));
    await handled(6);
    expect(await names('p1', 'p2', 'p3')).toEqual({ p1: 'Hose, 20 m', p2: 'Rake' });
  });

  it('stand after a restart, and after the whole topic was read again', async () => {
    await publish(named('p1', 'Hose', 2_000), named('p1', 'Hose, 20 m', 1_000));
    await handled(2);
    await service.stop();
    await rig.admin.deleteGroups([`${rig.lane}.metrics-sink`]);
    service = await startService(metricsSink, rig.env);
    await publish(named('p1', 'Hose of yesterday', 86_400_000), named('p2', 'Rake'));
    await handled(4);
    expect(await names('p1', 'p2')).toEqual({ p1: 'Hose, 20 m', p2: 'Rake' });
  });

  it('set aside what the table cannot hold, and shorten what no page can show', async () => {
    await publish(named('p\u0000', 'Hose'), named('x'.repeat(600), 'Hose'), named('p1', 'Rake\u0000'), named('p2', 'R'.repeat(5_000)));
    const topic = deadLetterTopic(rig.lane, inventoryEvent.topic, 'metrics-sink');
    const letters = await until(() => rig.kafka.readTopic(topic).catch(() => []), (found) => found.length === 3);
    expect(letters.map(({ headers }) => String(headers['millrace_detail'])).sort()).toEqual([
      'name: holds a NUL character', 'productId: holds a NUL character', 'productId: is longer than 512 characters',
    ]);
    await until(() => names('p1', 'p2'), (held) => 'p2' in held);
    expect(await names('p1', 'p2')).toEqual({ p2: 'R'.repeat(200) });
  });
});
