import { afterEach, beforeEach, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { makeClick, testKafkaSettings, until, uniqueName } from '@millrace/testing';
import type { CreateKafka } from './connect.js';
import { clicksOf, placeOf } from './log.js';
import { Stage } from './stage.js';

/** F26: offsets of a partition that were neither read nor told to be gone. */
export function passedOver({ from, to, read, gaps }: { readonly from: number; readonly to: number; readonly read: readonly number[]; readonly gaps: readonly { readonly from: number; readonly to: number }[] }): number[] {
  const known = new Set(read);
  const offsets = Array.from({ length: to - from }, (_, index) => from + index);
  return offsets.filter((offset) => !known.has(offset) && !gaps.some((gap) => offset >= gap.from && offset < gap.to));
}

/** F26: what retention took before it was read is told to the offset, never passed over in silence. */
export function gapContract(createKafka: CreateKafka): void {
  let stage: Stage;
  beforeEach(async () => {
    stage = new Stage(createKafka);
    await stage.createTopic(1);
  });
  afterEach(() => stage.end());

  /** Reads the first ten of the given events, commits them and leaves. */
  const readTen = async (): Promise<void> => {
    const events = clicksOf(uniqueName('old-'), 10, 1);
    let read = 0;
    const { consumer } = await stage.listen((batch) => { read += batch.length; return Promise.resolve(); });
    await stage.publish(events);
    await until('ten events', () => read === 10);
    await consumer.stop();
  };

  it('F26: tells a gap of forty, and reads on at its end', async () => {
    await readTen();
    await stage.publish(clicksOf(uniqueName('lost-'), 90, 1));
    await deleteRecords(stage, 50);
    const offsets: number[] = [];
    const { of } = await stage.listen((batch) => { offsets.push(...batch.map(({ offset }) => offset)); return Promise.resolve(); });
    await until('the last event', () => offsets.at(-1) === 99);
    expect(offsets[0]).toBe(50);
    expect(of('gap')).toEqual([{ type: 'gap', topic: stage.topic, partition: 0, from: 10, to: 50 }]);
    expect(passedOver({ from: 10, to: 100, read: offsets, gaps: of('gap') })).toEqual([]);
  });

  it('F26: tells a gap when all that was not read is gone, before anything new comes', async () => {
    await readTen();
    await stage.publish(clicksOf(uniqueName('lost-'), 30, 1));
    await deleteRecords(stage, 40);
    const { of } = await stage.listen(() => Promise.resolve());
    await until('the gap', () => of('gap').length > 0);
    expect(of('gap')).toEqual([{ type: 'gap', topic: stage.topic, partition: 0, from: 10, to: 40 }]);
  });

  it('F26: tells a gap that opens while it reads', async () => {
    const offsets: number[] = [];
    let hold: Promise<void> = Promise.resolve();
    let release = (): void => undefined;
    const { of } = await stage.listen(async (batch) => { offsets.push(...batch.map(({ offset }) => offset)); await hold; });
    hold = new Promise((resolve) => { release = resolve; });
    await stage.publish([makeClick()]);
    await until('the handler to hold', () => offsets.length === 1);
    // Larger than what a lane takes in while it waits, so that the rest is still in the log when it is deleted.
    await stage.publish(clicksOf(uniqueName('big-'), 20_000, 1).map((event) => ({ ...event, pageUrl: 'x'.repeat(500) })));
    await deleteRecords(stage, 20_000);
    release();
    await until('the last event', () => offsets.at(-1) === 20_000);
    const missing = 20_001 - offsets.length;
    const [gap] = of('gap');
    expect(of('gap')).toHaveLength(1);
    expect((gap?.to ?? 0) - (gap?.from ?? 0)).toBe(missing);
    expect(passedOver({ from: 0, to: 20_001, read: offsets, gaps: of('gap') })).toEqual([]);
    expect(missing).toBeGreaterThan(0);
    expect(gap?.to).toBe(20_000);
  });

  it('F26: tells nothing where nothing is missing', async () => {
    await readTen();
    const events = clicksOf(uniqueName('new-'), 20, 1);
    const seen: number[] = [];
    await stage.publish(events);
    const { of } = await stage.listen((batch) => { seen.push(...batch.map(({ event }) => placeOf(event.eventId).sequence)); return Promise.resolve(); });
    await until('twenty events', () => seen.length === 20);
    expect(of('gap')).toEqual([]);
  });

  it('F26: a topic that is made anew is read from its beginning, and told', async () => {
    await readTen();
    const admin = await stage.kafka.admin();
    await admin.deleteTopics([stage.topic]);
    await until('the topic to be gone', async () => !(await admin.listTopics()).includes(stage.topic));
    await admin.createTopics([{ name: stage.topic, partitions: 1 }]);
    await admin.close();
    await stage.publish(clicksOf(uniqueName('anew-'), 3, 1));
    const offsets: number[] = [];
    const { of } = await stage.listen((batch) => { offsets.push(...batch.map(({ offset }) => offset)); return Promise.resolve(); });
    await until('three events', () => offsets.length === 3);
    expect(offsets).toEqual([0, 1, 2]);
    const told = of('gap');
    // Where the broker has forgotten the group's offset with the topic, there is nothing to compare with.
    expect(told.every(({ from, to }) => from === 10 && to === 0)).toBe(true);
  });
}

/** Deletes the records of partition 0 before an offset, as retention does. */
export async function deleteRecords(stage: Stage, before: number): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [...testKafkaSettings(stage.lane).brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  // kafkajs deletes records only of topics it has been asked about.
  await admin.fetchTopicOffsets(stage.topic);
  await admin.deleteTopicRecords({ topic: stage.topic, partitions: [{ partition: 0, offset: String(before) }] });
  await admin.disconnect();
}
