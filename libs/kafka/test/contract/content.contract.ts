import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RawRecord, StoredRecord } from '@millrace/kafka';
import { judge, makeClick, makeOrder, until, uniqueName, testKafkaSettings, type Loop } from '@millrace/testing';
import { orderEvent } from '@millrace/contracts';
import type { CreateKafka } from './connect.js';
import { ceId, clicksOf, placeOf } from './log.js';
import { RegistryProxy } from './registry-proxy.js';
import { reasonsOf, Stage } from './stage.js';

const TOMORROW_MS = 24 * 3_600_000;

/** Bad records become dead letters, byte for byte; nothing else does. */
export function contentContract(createKafka: CreateKafka): void {
  let stage: Stage;
  let registry: RegistryProxy;
  beforeEach(async () => {
    stage = new Stage(createKafka);
    registry = await RegistryProxy.start(testKafkaSettings(stage.lane).registryUrl);
  });
  afterEach(async () => {
    await stage.end();
    await registry.close();
  });

  it('F12, F14: each bad record is set aside with its reason, unchanged and in order; the good ones between have their effect', async () => {
    const good = await stage.bytesOf(makeClick());
    const foreign = await foreignId(stage);
    const cases = corpus(good, foreign);
    const records = cases.flatMap(([, value]): RawRecord[] => [raw(stage.topic, value), raw(stage.topic, good.value)]);
    await stage.publishRaw(records);
    const done: number[] = [];
    const { consumer } = await stage.listen((batch) => { done.push(...batch.map(({ offset }) => offset)); return Promise.resolve(); });
    await until('no lag', async () => (await consumer.lag()).every(({ lag }) => lag === 0));
    expect(done).toHaveLength(cases.length + 1);
    const letters = await stage.readLetters();
    expect(reasonsOf(letters)).toEqual(cases.map(([reason]) => reason));
    expect(letters.map((letter) => letter.value)).toEqual(cases.map(([, value]) => value));
    expect(letters[0]?.headers).toMatchObject({ custom: [Buffer.from('1'), Buffer.from('2')], odd: Buffer.from([0xff]) });
    expect(Object.keys(letters[0]?.headers ?? {})).toEqual(expect.arrayContaining(['millrace_detail', 'millrace_partition', 'millrace_offset', 'millrace_timestamp', 'millrace_failed_at', 'millrace_attempts']));
    expect(String(letters[0]?.headers['millrace_topic'])).toBe(stage.topic);
    expect(String(letters[0]?.headers['millrace_group'])).toBe('reader');
    expect(String(letters[0]?.headers['millrace_lane'])).toBe(stage.lane);
  });

  it('F14: ten thousand records of one unknown id cost the registry one question', async () => {
    const value = Buffer.from([0, 0x7f, 0xff, 0xff, 0xfe, 1, 2, 3]);
    await stage.createTopic(1);
    await stage.publishRaw(Array.from({ length: 10_000 }, () => raw(stage.topic, value)));
    const { of } = await stage.listen(() => Promise.resolve(), {}, stage.connect({ registryUrl: registry.url }));
    await until('10000 dead letters', () => of('dead-letter').length === 10_000, 60_000);
    expect(registry.requests).toEqual(['GET /schemas/ids/2147483646/versions?deleted=true']);
  });

  describe.each([
    ['refuses connections', (proxy: RegistryProxy) => { proxy.answer = 'reset'; }],
    ['answers 500', (proxy: RegistryProxy) => { proxy.answer = 500; }],
    ['answers 429', (proxy: RegistryProxy) => { proxy.answer = 429; }],
    ['answers 404 like any web server', (proxy: RegistryProxy) => { proxy.answer = 404; }],
  ])('F16: a registry that %s', (_name, fail) => {
    it('makes a cold consumer wait: no dead letter', async () => {
      await stage.publish(clicksOf(uniqueName('cold-'), 20, 2));
      fail(registry);
      const done: string[] = [];
      const { of } = await stage.listen((batch) => { done.push(...batch.map(({ event }) => event.eventId)); return Promise.resolve(); }, {}, stage.connect({ registryUrl: registry.url }));
      await until('the consumer to be blocked', () => of('blocked').length >= 2);
      expect(of('blocked')[0]?.error.name).toBe('InfrastructureError');
      registry.answer = 'pass';
      await until('20 events', () => done.length === 20);
      expect(await stage.readLetters()).toEqual([]);
    });
  });

  it('F19: a dead-letter topic that is gone blocks its partition, drops nothing, and holds up no other', async () => {
    expect(wrongWithoutLetterTopic(await loseLetterTopic(stage))).toEqual([]);
  }, 120_000);

  it('F16: a registry that goes away in mid-run holds up only what it has not been asked yet', async () => {
    const done: string[] = [];
    await stage.createTopic(1);
    const { consumer, of } = await stage.listen((batch) => { done.push(...batch.map(({ event }) => event.eventId)); return Promise.resolve(); }, {}, stage.connect({ registryUrl: registry.url }));
    const publishTen = async (): Promise<void> => { await stage.publish(clicksOf(uniqueName('mid-'), 10, 1)); };
    await publishTen();
    await until('ten events', () => done.length === 10);
    registry.answer = 'reset';
    await publishTen();
    await until('ten events without a registry', () => done.length === 20);
    expect(of('blocked')).toEqual([]);
    await stage.publishRaw([raw(stage.topic, Buffer.from([0, 0x7f, 0xff, 0xff, 0xfe, 1, 2, 3]))]);
    await publishTen();
    await until('the consumer to be blocked', () => of('blocked').length >= 2);
    expect([done.length, (await stage.readLetters()).length]).toEqual([20, 0]);
    registry.answer = 'pass';
    await until('no lag', async () => (await consumer.lag()).every(({ lag }) => lag === 0));
    expect(done).toHaveLength(30);
    expect(reasonsOf(await stage.readLetters())).toEqual(['unknown-schema']);
  });

  it('F20: the largest record of a topic still fits its dead-letter topic with all headers', async () => {
    const limit = 200_000;
    const admin = await stage.kafka.admin();
    await admin.createTopics([
      { name: stage.topic, partitions: 1, config: { 'max.message.bytes': String(limit) } },
      { name: stage.letters, partitions: 1, config: { 'max.message.bytes': String(limit + 65_536) } },
    ]);
    await admin.close();
    const largest = raw(stage.topic, Buffer.alloc(limit - 120, 7));
    await stage.publishRaw([largest]);
    await stage.listen(() => Promise.resolve());
    const [letter] = await until('a dead letter', async () => { const letters = await stage.readLetters(); return letters.length > 0 ? letters : undefined; });
    expect(letter?.value).toEqual(largest.value);
    expect(letter?.headers['millrace_truncated']).toBeUndefined();
  });

  it('F20: a record that its dead-letter topic does not take is cut, and says so', async () => {
    const admin = await stage.kafka.admin();
    await admin.createTopics([{ name: stage.letters, partitions: 2, config: { 'max.message.bytes': '100000' } }]);
    await admin.close();
    await stage.listen(() => Promise.resolve());
    await stage.publishRaw([raw(stage.topic, Buffer.alloc(300_000, 7))]);
    const [letter] = await until('a dead letter', async () => { const letters = await stage.readLetters(); return letters.length > 0 ? letters : undefined; });
    expect(letter?.value?.length).toBe(64 * 1024);
    expect(String(letter?.headers['millrace_truncated'])).toBe('300000');
    expect(String(letter?.headers['millrace_detail'])).toContain('is cut from 300000');
  });
}

/** What a consumer did with one bad record on partition 0 and 400 good ones while its dead-letter topic was gone, and afterwards. */
export interface WithoutLetterTopic {
  /** It said that partition 0 is blocked. */
  readonly said: boolean;
  /** Effects of partition 0 and of partition 1 before the topic was back. */
  readonly before: readonly [number, number];
  /** The whole, once the topic was back and nothing waited. */
  readonly loop: Loop;
}

/** F19: what is wrong with that, a line each. */
export function wrongWithoutLetterTopic({ said, before: [blocked, other], loop }: WithoutLetterTopic): string[] {
  const verdict = judge(loop);
  return [
    ...(said ? [] : ['nobody was told']),
    ...(blocked === 0 ? [] : [`${String(blocked)} records behind the bad one were handled before it was set aside`]),
    ...(other > 0 ? [] : ['the other partition stood still']),
    ...Object.entries(verdict).flatMap(([fault, ids]: [string, readonly string[]]) => ids.map((id) => `${fault}: ${id}`)),
  ];
}

export async function loseLetterTopic(stage: Stage): Promise<WithoutLetterTopic> {
  const done: { readonly id: string; readonly partition: number }[] = [];
  await stage.createTopic(2);
  const { consumer, of } = await stage.listen((batch) => { done.push(...batch.map(({ event, partition }) => ({ id: event.eventId, partition }))); return Promise.resolve(); });
  const admin = await stage.kafka.admin();
  await admin.deleteTopics([stage.letters]);
  const bad = `${uniqueName('bad-')}/0/0`;
  await stage.publishRaw([{ ...raw(stage.topic, Buffer.from('bad')), partition: 0, headers: { ce_id: bad } }]);
  const lagOf = async (wanted: number): Promise<number> => (await consumer.lag()).find(({ partition }) => partition === wanted)?.lag ?? 1;
  await until('partition 0 to be blocked, or passed', async () => of('blocked').some(({ partition }) => partition === 0) || (await lagOf(0)) === 0, 60_000);
  const events = clicksOf(uniqueName('f19-'), 400, 40);
  await stage.publish(events);
  await until('partition 1 to go on', async () => (await lagOf(1)) === 0);
  const countOf = (wanted: number): number => done.filter(({ partition }) => partition === wanted).length;
  const before = [countOf(0), countOf(1)] as const;
  await admin.createTopics([{ name: stage.letters, partitions: 2 }]);
  await admin.close();
  await until('no lag', async () => (await lagOf(0)) === 0, 60_000);
  const ids = [bad, ...events.map(({ eventId }) => eventId)];
  const loop = { attempted: ids.map(placeOf), acked: ids, arrived: done.map(({ id }) => placeOf(id)), ledger: (await stage.readLetters()).map(ceId) };
  return { said: of('blocked').some(({ partition }) => partition === 0), before, loop };
}

function raw(topic: string, value: Buffer | null): RawRecord {
  return { topic, key: Buffer.from('k'), value, headers: { custom: [Buffer.from('1'), Buffer.from('2')], odd: Buffer.from([0xff]) } };
}

/** A schema id that the registry knows under another subject. */
async function foreignId(stage: Stage): Promise<number> {
  const publisher = await stage.kafka.publisher();
  const position = await publisher.publish(orderEvent, makeOrder());
  await publisher.close();
  const [stored] = await stage.kafka.readTopic(position.topic);
  return stored?.value?.readInt32BE(1) ?? 0;
}

/** The click's body begins: string eventId (length, text), then the enum's index. */
function corpus(good: StoredRecord, foreign: number): readonly (readonly [string, Buffer | null])[] {
  const value = good.value ?? Buffer.alloc(0);
  const idLength = (value[5] ?? 0) >> 1;
  const enumAt = 6 + idLength;
  const patched = (at: number, bytes: number[]): Buffer => Buffer.concat([value.subarray(0, at), Buffer.from(bytes), value.subarray(at + bytes.length)]);
  const withId = (id: number): Buffer => { const copy = Buffer.from(value); copy.writeInt32BE(id, 1); return copy; };
  return [
    ['undecodable', null],
    ['undecodable', Buffer.alloc(0)],
    ['undecodable', value.subarray(0, 4)],
    ['undecodable', value.subarray(0, 5)],
    ['undecodable', patched(0, [1])],
    ['unknown-schema', withId(0)],
    ['unknown-schema', withId(-1)],
    ['unknown-schema', withId(2_147_483_647)],
    ['unknown-schema', withId(foreign)],
    ['undecodable', value.subarray(0, value.length - 1)],
    ['undecodable', Buffer.concat([value, Buffer.from([0])])],
    ['decode-limit', Buffer.concat([value.subarray(0, 5), Buffer.from([0x80, 0x80, 0x80, 0x80, 0x10]), value.subarray(6)])],
    ['decode-limit', patched(5, [9])],
    ['undecodable', patched(6, [0xff])],
    ['undecodable', patched(enumAt, [18])],
    ['undecodable', patched(enumAt, [1])],
    ['undecodable', Buffer.from('{"eventId":"json"}')],
    ['undecodable', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0])],
    ['too-large', Buffer.concat([value, Buffer.alloc(1024 * 1024)])],
    ['event-time', patched(enumAt + 1, timestamp(Date.now() + TOMORROW_MS))],
    ['event-time', patched(enumAt + 1, timestamp(Date.UTC(1999, 11, 31)))],
  ];
}

/** A zigzag varint of six bytes, as today's milliseconds take. */
function timestamp(ms: number): number[] {
  let rest = BigInt(ms) * 2n;
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}
