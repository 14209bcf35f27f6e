import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { clickEvent, inLane } from '@millrace/contracts';
import { createKafka, subscribe, type EventAdmin } from '@millrace/kafka';
import { makeClick, until } from '@millrace/testing';
import { GROUP, Stage } from './contract/stage.js';

jest.setTimeout(60_000);

describe('admin', () => {
  let stage: Stage;
  let admin: EventAdmin;
  beforeEach(async () => {
    stage = new Stage(createKafka);
    await stage.createTopic(1);
    admin = await stage.kafka.admin();
  });
  afterEach(async () => {
    await stage.end();
    await admin.close();
  });

  it('deletes a group once its last member has left it', async () => {
    let read = 0;
    const { consumer } = await stage.listen((batch) => { read += batch.length; return Promise.resolve(); });
    await stage.publish([makeClick()]);
    await until('the consumer to be a member', () => read === 1);
    const group = inLane(stage.lane, GROUP);
    const deletion = admin.deleteGroups([group]);
    await consumer.stop();
    await deletion;
    expect(await admin.listGroups()).not.toContain(group);
  });

  it('finds no member of a consumer that was stopped while it started', async () => {
    const consumer = stage.kafka.consumer({ group: GROUP, subscriptions: [subscribe(clickEvent, () => Promise.resolve())] });
    const starting = consumer.start();
    await consumer.stop();
    await starting;
    const group = inLane(stage.lane, GROUP);
    await admin.deleteGroups([group]);
    expect(await admin.listGroups()).not.toContain(group);
  });

  it('names the group that somebody still consumes as', async () => {
    let read = 0;
    await stage.listen((batch) => { read += batch.length; return Promise.resolve(); });
    await stage.publish([makeClick()]);
    await until('the consumer to be a member', () => read === 1);
    const group = inLane(stage.lane, GROUP);
    await expect(admin.deleteGroups([group])).rejects.toThrow(`cannot delete ${group}: somebody still consumes as that group`);
  });

  it('tells what a group has committed, and the settings of topics', async () => {
    const { consumer } = await stage.listen(() => Promise.resolve());
    await stage.publish([makeClick(), makeClick()]);
    const group = inLane(stage.lane, GROUP);
    expect(await until('the commit', async () => (await admin.committedOffsets(group)).find(({ offset }) => offset === 2))).toEqual({ topic: stage.topic, partition: 0, offset: 2 });
    await consumer.stop();
    expect(await admin.committedOffsets('nobody')).toEqual([]);
    expect((await admin.topicSettings([stage.topic])).get(stage.topic)).toMatchObject({ 'cleanup.policy': 'delete', 'retention.ms': expect.stringMatching(/^\d+$/) });
    expect(await admin.topicSettings([])).toEqual(new Map());
  });
});
