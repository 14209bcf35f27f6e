import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clickEvent, inLane, orderEvent, type EventContract } from '@millrace/contracts';
import type { EventPublisher, KafkaConnection, PublisherOptions, StoredRecord } from '@millrace/kafka';
import { CLEAN, judge, KAFKA_API, makeClick, makeOrder, TcpProxy, testKafkaSettings, uniqueLane, testKafka, until, uniqueName, type LoopRecord } from '@millrace/testing';
import type { CreateKafka } from './connect.js';
import { ceId, clicksOf, loopOf } from './log.js';

const HURRY: PublisherOptions = { requestTimeoutMs: 1_000, deadlineMs: 20_000 };

/** What every publisher behind the port keeps to. */
export function publisherContract(createKafka: CreateKafka): void {
  const lane = uniqueLane();
  const kafka = createKafka(testKafkaSettings(lane));
  const topic = inLane(lane, clickEvent.topic);
  let proxy: TcpProxy;

  beforeAll(async () => {
    proxy = await TcpProxy.start(testKafkaSettings(lane).brokers[0] ?? '');
    const admin = await kafka.admin();
    await admin.createTopics([{ name: topic, partitions: 2 }]);
    await admin.close();
  });

  afterAll(async () => {
    await proxy.close();
    await testKafka(lane).clean();
  });

  const faulty = (): KafkaConnection => createKafka({ ...testKafkaSettings(lane), route: () => proxy.address });

  it('says where the record lies, with CloudEvents headers and the trace', async () => {
    const publisher = await kafka.publisher();
    const event = makeClick({ occurredAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6), searchQuery: 'größe 🙂' });
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const position = await publisher.publish(clickEvent, event, { traceparent });
    await publisher.close();
    const stored = (await kafka.readTopic(topic)).find((record) => record.partition === position.partition && record.offset === position.offset);
    expect(stored?.key?.toString()).toBe(event.visitorId);
    expect(stored?.value?.[0]).toBe(0);
    expect(textHeaders(stored)).toEqual({
      ce_specversion: '1.0',
      ce_id: event.eventId,
      ce_source: '/millrace/test',
      ce_type: 'io.millrace.ClickEvent',
      ce_time: '2026-01-02T03:04:05.006Z',
      'content-type': 'application/avro',
      traceparent,
    });
  });

  it('refuses an event that breaks its contract, naming the field, and sends nothing', async () => {
    const publisher = await kafka.publisher();
    const events = [makeOrder(), makeOrder({ lines: [{ productId: 'p', category: null, quantity: -5, unitPriceMinor: 1, amountMinor: 1 }] })];
    await expect(publisher.publishAll(orderEvent, events)).rejects.toMatchObject({ name: 'PublishError', reason: 'invalid', message: expect.stringContaining('lines[0].quantity') });
    await publisher.close();
    expect(await kafka.readTopic(inLane(lane, orderEvent.topic))).toEqual([]);
  });

  it('refuses what is too large or no number of the schema', async () => {
    const publisher = await kafka.publisher();
    await expect(publisher.publish(clickEvent, makeClick({ pageUrl: 'x'.repeat(1024 * 1024) }))).rejects.toMatchObject({ reason: 'too-large' });
    await expect(publisher.publish(clickEvent, makeClick({ priceMinor: 2 ** 60 }))).rejects.toMatchObject({ reason: 'unencodable' });
    await publisher.close();
  });

  it('keeps the order per key and spreads keys over the partitions', async () => {
    const events = clicksOf(uniqueName('k'), 3_000, 20);
    const publisher = await kafka.publisher();
    await publisher.publishAll(clickEvent, events);
    await publisher.close();
    const { loop, partitions } = await loopOf(kafka, topic, events);
    expect(judge(loop)).toEqual(CLEAN);
    expect(partitions.size).toBe(2);
  });

  describe.each([
    ['one batch for all', {}],
    ['a batch for each', { maxBatchRecords: 1 }],
  ] as const)('F5: the first Produce response is lost, 20 sends at once to one partition, %s', (_name, limits) => {
    it.each([
      ['swallowed', false],
      ['cut', true],
    ])('%s: the log holds exactly the 20, in order', async (_how, thenCut) => {
      const events = clicksOf(uniqueName('f5-'), 20, 1);
      const publisher = await faulty().publisher({ ...HURRY, ...limits });
      await publisher.publish(clickEvent, makeClick({ visitorId: events[0]?.visitorId ?? '' }));
      const before = proxy.bites.eaten;
      proxy.eatResponse(KAFKA_API.produce, 1, thenCut);
      await Promise.all(events.map((event) => publisher.publish(clickEvent, event)));
      await publisher.close();
      proxy.heal();
      expect(proxy.bites.eaten - before).toBe(1);
      const { loop } = await loopOf(kafka, topic, events);
      expect(loop.arrived).toHaveLength(20);
      expect(judge(loop)).toEqual(CLEAN);
    });
  });

  it('survives responses lost again and again', async () => {
    const events = clicksOf(uniqueName('many-'), 400, 4);
    const publisher = await faulty().publisher({ ...HURRY, maxBatchRecords: 20 });
    const before = proxy.bites.eaten;
    for (const nth of [2, 3, 5, 9]) proxy.eatResponse(KAFKA_API.produce, nth, true);
    await publisher.publishAll(clickEvent, events);
    await publisher.close();
    proxy.heal();
    expect(proxy.bites.eaten - before).toBe(4);
    expect(judge((await loopOf(kafka, topic, events)).loop)).toEqual(CLEAN);
  });

  it('F7: a half-open connection is found and replaced; nothing is lost', async () => {
    const events = clicksOf(uniqueName('half-'), 20, 1);
    const publisher = await faulty().publisher({ ...HURRY, deadlineMs: 60_000 });
    await publisher.publish(clickEvent, makeClick());
    proxy.swallow();
    const sent = publisher.publishAll(clickEvent, events);
    await until('bytes to vanish', () => proxy.bites.swallowed > 0);
    await until('a second connection to be tried', () => proxy.bites.swallowed > 3);
    proxy.heal();
    await sent;
    await publisher.close();
    expect(judge((await loopOf(kafka, topic, events)).loop)).toEqual(CLEAN);
  });

  it('rejects by its deadline while the broker is away, and goes on once it is back', async () => {
    const publisher = await faulty().publisher({ requestTimeoutMs: 500, deadlineMs: 1_500 });
    await publisher.publish(clickEvent, makeClick());
    proxy.refuse();
    await expect(publisher.publish(clickEvent, makeClick())).rejects.toMatchObject({ name: 'PublishError', reason: 'deadline', retriable: true });
    proxy.heal();
    const event = makeClick();
    await until('a publish to succeed', () => publisher.publish(clickEvent, event).then(() => true));
    await publisher.close();
    expect((await kafka.readTopic(topic)).map(ceId)).toContain(event.eventId);
  });

  it('waits while its buffer is full: callers have back-pressure', async () => {
    const publisher = await faulty().publisher({ ...HURRY, maxBufferedBytes: 10_000 });
    await publisher.publish(clickEvent, makeClick());
    proxy.swallow();
    const events = clicksOf(uniqueName('full-'), 1_500, 1);
    const first = publisher.publishAll(clickEvent, events);
    let later = false;
    const last = publisher.publish(clickEvent, makeClick()).then(() => { later = true; });
    await until('bytes to vanish', () => proxy.bites.swallowed > 0);
    expect(later).toBe(false);
    proxy.heal();
    await Promise.all([first, last]);
    await publisher.close();
    expect(judge((await loopOf(kafka, topic, events)).loop)).toEqual(CLEAN);
  });

  it('F27: a topic that is deleted does not hold up the others', async () => {
    const doomed: EventContract<{ readonly orderId: string }> = { ...orderEvent, topic: 'doomed.v1' };
    const publisher = await kafka.publisher({ ...HURRY, deadlineMs: 3_000 });
    await publisher.publish(doomed, makeOrder());
    const admin = await kafka.admin();
    await admin.deleteTopics([inLane(lane, 'doomed.v1')]);
    const lostOne = expect(publisher.publish(doomed, makeOrder())).rejects.toMatchObject({ name: 'PublishError' });
    const events = clicksOf(uniqueName('f27-'), 500, 10);
    const others = publisher.publishAll(clickEvent, events).then(() => 'others');
    await expect(Promise.race([others, lostOne.then(() => 'doomed')])).resolves.toBe('others');
    await lostOne;
    await publisher.close();
    await admin.close();
    expect(judge((await loopOf(kafka, topic, events)).loop)).toEqual(CLEAN);
  });

  it('F20: splits a batch that the topic takes in parts only, and refuses the one record that is too large', async () => {
    const small = inLane(lane, 'small.v1');
    const admin = await kafka.admin();
    await admin.createTopics([{ name: small, partitions: 1, config: { 'max.message.bytes': '20000' } }]);
    await admin.close();
    const publisher = await kafka.publisher(HURRY);
    const value = (size: number): Buffer => Buffer.alloc(size, 1);
    const records = [0.3, 0.98, 0.3, 0.98].map((share) => ({ topic: small, key: Buffer.from('k'), value: value(20_000 * share - 100) }));
    await publisher.publishRaw(records);
    await expect(publisher.publishRaw([{ topic: small, key: Buffer.from('k'), value: value(20_200) }])).rejects.toMatchObject({ reason: 'too-large', maybeWritten: false });
    await publisher.close();
    const stored = await kafka.readTopic(small);
    expect(stored.map((record) => record.value?.length)).toEqual(records.map((record) => record.value.length));
  });

  it('writes raw records byte for byte', async () => {
    const raw = inLane(lane, 'raw.v1');
    const admin = await kafka.admin();
    await admin.createTopics([{ name: raw, partitions: 3 }]);
    await admin.close();
    const publisher = await kafka.publisher();
    const headers = { once: Buffer.from([0xff, 0]), twice: [Buffer.from('1'), Buffer.from('2')] };
    const [position] = await publisher.publishRaw([{ topic: raw, key: null, value: null, partition: 2, timestamp: 12_345, headers }]);
    await publisher.close();
    expect(position).toEqual({ topic: raw, partition: 2, offset: 0 });
    expect(await kafka.readTopic(raw)).toEqual([{ topic: raw, partition: 2, offset: 0, key: null, value: null, timestamp: 12_345, headers }]);
  });

  describe('the checker', () => {
    const judged = async (publisher: Pick<EventPublisher, 'publishAll'>): Promise<ReturnType<typeof judge>> => {
      const events = clicksOf(uniqueName('mutant-'), 20, 2);
      await publisher.publishAll(clickEvent, events);
      return judge((await loopOf(kafka, topic, events)).loop);
    };
    const real = async (work: (publisher: EventPublisher) => Promise<ReturnType<typeof judge>>): Promise<ReturnType<typeof judge>> => {
      const publisher = await kafka.publisher();
      const verdict = await work(publisher);
      await publisher.close();
      return verdict;
    };

    it('goes red when a publisher resolves without sending', async () => {
      const verdict = await judged({ publishAll: () => Promise.resolve() });
      expect(verdict.lost).toHaveLength(20);
    });

    it('goes red when one record is dropped, written twice or swapped', async () => {
      expect(await real((publisher) => judged({ publishAll: (contract, events) => publisher.publishAll(contract, events.slice(1)) }))).toMatchObject({ lost: [expect.anything()] });
      expect(await real((publisher) => judged({ publishAll: (contract, events) => publisher.publishAll(contract, [...events, ...events.slice(0, 1)]) }))).toMatchObject({ duplicated: [expect.anything()] });
      const reversed = await real((publisher) => judged({ publishAll: (contract, events) => publisher.publishAll(contract, [...events].reverse()) }));
      expect(reversed.reordered.length).toBeGreaterThan(0);
    });
  });
}

function textHeaders(record: StoredRecord | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(record?.headers ?? {}).map(([name, value]) => [name, String(value)]));
}

export type { LoopRecord };
