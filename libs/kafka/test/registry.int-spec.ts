import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createKafka, RegistryClient, type KafkaConnection, type RegistryMode } from '@millrace/kafka';
import { inLane, subjectOf, type EventContract } from '@millrace/contracts';
import { testKafka, testKafkaSettings, uniqueLane, uniqueName } from '@millrace/testing';
import { RegistryProxy } from './contract/registry-proxy.js';

jest.setTimeout(60_000);

interface Gift {
  readonly giftId: string;
  readonly note?: string;
}

/** A contract of one test, for a subject that nobody else has. */
function giftContract(topic: string, ...fields: readonly object[]): EventContract<Gift> {
  const schema = JSON.stringify({ type: 'record', name: 'Gift', namespace: 'io.millrace.test', fields: [{ name: 'giftId', type: 'string' }, ...fields] });
  const settings = { partitions: 1, retentionMs: 3_600_000, cleanupPolicy: 'delete', maxMessageBytes: 1_048_576 };
  return { name: 'Gift', topic, settings, keyField: 'giftId', key: ({ giftId }) => giftId, schema, rules: [] };
}

describe('the schema registry', () => {
  const lane = uniqueLane();
  const { registryUrl } = testKafkaSettings(lane);
  let topic: string;
  let proxy: RegistryProxy;

  beforeAll(async () => {
    proxy = await RegistryProxy.start(registryUrl);
  });
  beforeEach(() => {
    topic = `${uniqueName('gifts')}.v1`;
  });
  afterAll(async () => {
    await proxy.close();
    await testKafka(lane).clean();
  });

  const connect = (registryMode: RegistryMode): KafkaConnection => createKafka({ ...testKafkaSettings(lane), registryMode });

  const publish = async (kafka: KafkaConnection, contract: EventContract<Gift>, gift: Gift): Promise<void> => {
    const publisher = await kafka.publisher();
    try {
      await publisher.publish(contract, gift);
    } finally {
      await publisher.close();
    }
  };

  const versions = async (): Promise<unknown> => (await fetch(`${registryUrl}/subjects/${subjectOf(topic)}/versions`)).json();
  const topics = async (): Promise<string[]> => {
    const admin = await connect('read-only').admin();
    const names = await admin.listTopics();
    await admin.close();
    return names;
  };

  it('knows the other versions of a subject of which one was deleted', async () => {
    const registry = new RegistryClient(registryUrl, 'register');
    const [first, second] = [giftContract(topic), giftContract(topic, { name: 'note', type: 'string', default: '' })];
    const ids = [await registry.idOf(subjectOf(topic), first.schema), await registry.idOf(subjectOf(topic), second.schema)] as const;
    expect((await fetch(`${registryUrl}/subjects/${subjectOf(topic)}/versions/2`, { method: 'DELETE' })).status).toBe(200);
    const fresh = new RegistryClient(registryUrl, 'read-only');
    await expect(fresh.schemaOf(ids[0], subjectOf(topic))).resolves.toBe(first.schema);
    await expect(fresh.schemaOf(ids[1], subjectOf(topic))).resolves.toBe(second.schema);
  });

  describe('F15: a producer whose schema breaks the history of its subject', () => {
    it('is refused with the reason, and writes nothing', async () => {
      const old = giftContract(topic);
      await publish(connect('register'), old, { giftId: 'one' });
      const breaking = giftContract(topic, { name: 'note', type: 'string' });
      await expect(publish(connect('register'), breaking, { giftId: 'two', note: 'n' })).rejects.toMatchObject({
        name: 'SchemaRefusedError', subject: subjectOf(topic), retriable: false, message: expect.stringMatching(/^the registry refuses the schema of gifts.+-value: .*incompatible.*note/is),
      });
      expect(await versions()).toEqual([1]);
      expect((await connect('read-only').readTopic(inLane(lane, topic))).map(({ key }) => String(key))).toEqual(['one']);
    });

    it('is refused for a version that is not the latest, too', async () => {
      await publish(connect('register'), giftContract(topic), { giftId: 'one' });
      await publish(connect('register'), giftContract(topic, { name: 'note', type: 'string', default: '' }), { giftId: 'two', note: 'n' });
      await expect(publish(connect('register'), giftContract(topic, { name: 'note', type: 'string' }), { giftId: 'three', note: 'n' })).rejects.toMatchObject({ name: 'SchemaRefusedError' });
      expect(await versions()).toEqual([1, 2]);
    });

    it('is told what is wrong before it registers anything', async () => {
      const registry = new RegistryClient(registryUrl, 'read-only');
      const [subject, breaking] = [subjectOf(topic), giftContract(topic, { name: 'note', type: 'string' }).schema];
      expect(await registry.conflictOf(subject, breaking)).toBeNull();
      await registry.register(subject, giftContract(topic).schema);
      expect(await registry.conflictOf(subject, giftContract(topic).schema)).toBeNull();
      expect(await registry.conflictOf(subject, breaking)).toMatch(/note/);
    });
  });

  describe('read-only', () => {
    it('refuses a schema that is not registered, saying what to do, and leaves neither topic nor subject behind', async () => {
      await expect(publish(connect('read-only'), giftContract(topic), { giftId: 'one' })).rejects.toMatchObject({
        name: 'SchemaUnregisteredError', subject: subjectOf(topic), retriable: true, message: expect.stringContaining(`${subjectOf(topic)}: register it with "millrace schema register"`),
      });
      expect(await versions()).toMatchObject({ error_code: 40401 });
      expect(await topics()).not.toContain(inLane(lane, topic));
    });

    it('is what a connection is unless it is told otherwise', async () => {
      await expect(publish(createKafka(testKafkaSettings(lane)), giftContract(topic), { giftId: 'one' })).rejects.toMatchObject({ name: 'SchemaUnregisteredError' });
    });

    it('publishes with a schema that somebody registered', async () => {
      const contract = giftContract(topic);
      const id = await new RegistryClient(registryUrl, 'read-only').register(subjectOf(topic), contract.schema);
      await publish(connect('read-only'), contract, { giftId: 'one' });
      const [record] = await connect('read-only').readTopic(inLane(lane, topic));
      expect(record?.value?.readInt32BE(1)).toBe(id);
      expect(await versions()).toEqual([1]);
    });

    it('asks about a missing schema once a minute, and finds it then', async () => {
      let now = 0;
      const registry = new RegistryClient(proxy.url, 'read-only', { now: () => now });
      const { schema } = giftContract(topic);
      const subject = subjectOf(topic);
      const asked = (): number => proxy.requests.filter((request) => request === `POST /subjects/${subject}`).length;
      const refusals = await Promise.allSettled(Array.from({ length: 50 }, () => registry.idOf(subject, schema)));
      expect(refusals.every(({ status }) => status === 'rejected')).toBe(true);
      const id = await new RegistryClient(registryUrl, 'read-only').register(subject, schema);
      now = 59_999;
      await expect(registry.idOf(subject, schema)).rejects.toMatchObject({ name: 'SchemaUnregisteredError' });
      expect(asked()).toBe(1);
      now = 60_000;
      await expect(registry.idOf(subject, schema)).resolves.toBe(id);
      await expect(registry.idOf(subject, schema)).resolves.toBe(id);
      expect(asked()).toBe(2);
    });
  });

  it('sends the user and password of its address, and shows neither', async () => {
    const sent: (string | undefined)[] = [];
    const server = http.createServer((request, response) => {
      sent.push(request.headers.authorization);
      response.writeHead(sent.length > 1 ? 401 : 200).end('{"id":7}');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const registry = new RegistryClient(`http://clerk:p%40ss@127.0.0.1:${String(port)}/`, 'read-only');
      await expect(registry.idOf('a-value', '"string"')).resolves.toBe(7);
      await expect(registry.idOf('b-value', '"string"')).rejects.toMatchObject({ name: 'InfrastructureError', message: `the schema registry at http://127.0.0.1:${String(port)} answers 401 to POST /subjects/b-value` });
      expect(sent).toEqual(Array.from({ length: 2 }, () => `Basic ${Buffer.from('clerk:p@ss').toString('base64')}`));
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
