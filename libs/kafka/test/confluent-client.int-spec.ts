import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createKafka } from '@millrace/kafka';
import { clickEvent, subjectOf, type ClickEvent } from '@millrace/contracts';
import { makeClick, testKafkaSettings, until } from '@millrace/testing';
import { Stage } from './contract/stage.js';

jest.setTimeout(60_000);

/** Our wire format beside that of the registry client which programs on kafkajs usually have: one reads what the other writes. */
describe('@kafkajs/confluent-schema-registry', () => {
  const stage = new Stage(createKafka);
  const theirs = new SchemaRegistry({ host: testKafkaSettings(stage.lane).registryUrl });
  const clicks = [makeClick({ searchQuery: 'größe 🙂', priceMinor: 2 ** 40 }), makeClick({ eventType: 'SEARCH', productId: null, currency: null })];

  beforeAll(() => stage.createTopic(1));
  afterAll(() => stage.end());

  it('decodes what our publisher writes', async () => {
    await stage.publish(clicks);
    const stored = await stage.kafka.readTopic(stage.topic);
    const decoded = await Promise.all(stored.map(({ value }) => theirs.decode(value ?? Buffer.alloc(0))));
    expect(decoded.map((event: ClickEvent) => ({ ...event }))).toEqual(clicks);
  });

  it('encodes what our consumer reads, under the id that both find', async () => {
    const id = await theirs.getRegistryIdBySchema(subjectOf(clickEvent.topic), { type: SchemaType.AVRO, schema: clickEvent.schema });
    const ours = await stage.bytesOf(makeClick());
    expect(ours.value?.readInt32BE(1)).toBe(id);
    const foreign = clicks.map((click) => ({ ...click, eventId: `foreign-${click.eventId}` }));
    await stage.publishRaw(await Promise.all(foreign.map(async (click) => ({ topic: stage.topic, key: Buffer.from(click.visitorId), value: await theirs.encode(id, click) }))));
    const heard: ClickEvent[] = [];
    await stage.listen((batch) => { heard.push(...batch.map(({ event }) => ({ ...event }))); return Promise.resolve(); });
    await until('the foreign records', () => foreign.every(({ eventId }) => heard.some((click) => click.eventId === eventId)));
    expect(heard.filter(({ eventId }) => eventId.startsWith('foreign-'))).toEqual(foreign);
  });
});
