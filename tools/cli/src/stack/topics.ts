import { createKafka, type EventAdmin } from '@millrace/kafka';
import type { CliConfig } from '../config/cli.config.js';
import { addressesOf } from './addresses.js';
import { isGroupOfLane, isTopicOfLane, planTopics } from './topic-plan.js';

/** Creates the missing topics of the lane; returns the names of those created. Throws `InfrastructureError`. */
export async function createLaneTopics(config: CliConfig, lane: string): Promise<string[]> {
  return withAdmin(config, (admin) => admin.createTopics(planTopics(lane)));
}

export async function listTopics(config: CliConfig): Promise<string[]> {
  return withAdmin(config, (admin) => admin.listTopics());
}

/** Deletes every topic and group of the lane; returns how many of each. */
export async function deleteLaneOnBroker(config: CliConfig, lane: string): Promise<{ topics: number; groups: number }> {
  return withAdmin(config, async (admin) => {
    const topics = (await admin.listTopics()).filter((topic) => isTopicOfLane(topic, lane));
    await admin.deleteTopics(topics);
    const groups = (await admin.listGroups()).filter((group) => isGroupOfLane(group, lane));
    await admin.deleteGroups(groups);
    return { topics: topics.length, groups: groups.length };
  });
}

async function withAdmin<T>(config: CliConfig, work: (admin: EventAdmin) => Promise<T>): Promise<T> {
  const { brokers, registryUrl } = addressesOf(config);
  const admin = await createKafka({ brokers: brokers.split(','), registryUrl, lane: config.lane, clientId: 'cli' }).admin();
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}
