import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createKafka, type EventAdmin } from '@millrace/kafka';
import { inLane } from '@millrace/contracts';
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

  it('names the group that somebody still consumes as', async () => {
    let read = 0;
    await stage.listen((batch) => { read += batch.length; return Promise.resolve(); });
    await stage.publish([makeClick()]);
    await until('the consumer to be a member', () => read === 1);
    const group = inLane(stage.lane, GROUP);
    await expect(admin.deleteGroups([group])).rejects.toThrow(`cannot delete ${group}: somebody still consumes as that group`);
  });
});
